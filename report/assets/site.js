// site.js - search, theme, copy buttons. Every page works without it: what needs a script is
// hidden in the markup and revealed here. Nothing is fetched but scripts beside the page, so
// all of it works on file:// and without a network.
(function () {
  "use strict";
  var root = document.documentElement;

  // --- theme: before the first paint, so that no page flashes ------------------------------

  var THEMES = ["auto", "light", "dark"];

  function storedTheme() {
    try {
      var theme = localStorage.getItem("glassbox-theme");
      return THEMES.indexOf(theme) < 0 ? "auto" : theme;
    } catch (refused) {
      return "auto";
    }
  }

  function setTheme(theme) {
    if (theme === "auto") root.removeAttribute("data-theme");
    else root.setAttribute("data-theme", theme);
    try {
      localStorage.setItem("glassbox-theme", theme);
    } catch (refused) {
      return; // a browser that keeps nothing still shows the choice
    }
  }

  setTheme(storedTheme());

  function themeButton() {
    var button = document.querySelector("button.theme");
    var theme = storedTheme();
    button.hidden = false;
    button.textContent = "Theme: " + theme;
    button.addEventListener("click", function () {
      theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
      setTheme(theme);
      button.textContent = "Theme: " + theme;
    });
  }

  // --- copy ---------------------------------------------------------------------------------

  function copyText(text) {
    if (navigator.clipboard && window.isSecureContext) return navigator.clipboard.writeText(text);
    var area = document.createElement("textarea");
    area.value = text;
    area.style.position = "fixed";
    document.body.appendChild(area);
    area.select();
    var done = document.execCommand("copy");
    area.remove();
    return done ? Promise.resolve() : Promise.reject(new Error("the browser does not copy"));
  }

  function copyButton(pre, name) {
    var button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = "Copy";
    button.setAttribute("aria-label", "Copy " + name);
    button.addEventListener("click", function () {
      copyText(pre.textContent.trim()).then(
        function () { button.textContent = "Copied"; },
        function () { button.textContent = "Select and copy"; }
      );
      setTimeout(function () { button.textContent = "Copy"; }, 2000);
    });
    return button;
  }

  function copyButtons() {
    document.querySelectorAll(".cite dd > pre").forEach(function (pre) {
      var name = pre.parentElement.previousElementSibling;
      name.appendChild(copyButton(pre, name.textContent));
    });
    document.querySelectorAll("pre.command").forEach(function (pre) {
      pre.insertAdjacentElement("afterend", copyButton(pre, "the command"));
    });
  }

  // --- search -------------------------------------------------------------------------------

  function loadScript(address) {
    return new Promise(function (resolve, reject) {
      var script = document.createElement("script");
      script.src = address;
      script.onload = resolve;
      script.onerror = reject;
      document.head.appendChild(script);
    });
  }

  function buildIndex() {
    return window.lunr(function () {
      var builder = this;
      builder.ref("at");
      builder.field("title", { boost: 8 });
      builder.field("summary", { boost: 3 });
      builder.field("body");
      window.glassboxPages.forEach(function (page, at) {
        builder.add({ at: at, title: page.title, summary: page.summary, body: page.body });
      });
    });
  }

  // Every word must occur; the last may be unfinished.
  function find(index, words) {
    return index.query(function (query) {
      words.forEach(function (word, i) {
        query.term(word, { presence: window.lunr.Query.presence.REQUIRED,
          wildcard: i === words.length - 1 ? window.lunr.Query.wildcard.TRAILING : 0,
          usePipeline: i < words.length - 1 });
      });
    });
  }

  function resultItem(page) {
    var item = document.createElement("li");
    var link = document.createElement("a");
    var kind = document.createElement("span");
    link.href = page.page;
    link.textContent = page.title;
    kind.textContent = page.kind + (page.kind === "finding" ? "" : " \u00b7 " + page.summary);
    item.append(link, kind);
    return item;
  }

  function searchBox() {
    var form = document.querySelector("form.search");
    var input = form.querySelector("input");
    var list = form.querySelector("ol");
    var status = form.querySelector("[role=status]");
    var index = null;
    var loading = null;

    function close() {
      list.hidden = true;
      status.textContent = "";
    }

    function show() {
      var words = input.value.toLowerCase().split(/[^\p{L}\p{N}]+/u).filter(Boolean);
      list.replaceChildren();
      if (!index || !words.length) return close();
      var hits = find(index, words).slice(0, 12);
      hits.forEach(function (hit) { list.appendChild(resultItem(window.glassboxPages[hit.ref])); });
      list.hidden = !hits.length;
      status.textContent = hits.length ? hits.length + " results" : "No results";
    }

    function load() {
      if (loading) return;
      loading = Promise.all([loadScript("lunr.js"), loadScript("search.js")]).then(
        function () { index = buildIndex(); show(); },
        function () { form.hidden = true; }
      );
    }

    form.hidden = false;
    input.addEventListener("focus", load);
    input.addEventListener("input", show);
    form.addEventListener("submit", function (event) {
      var first = list.querySelector("a");
      event.preventDefault();
      if (first) first.click();
    });
    form.addEventListener("keydown", function (event) {
      if (event.key === "Escape") close();
    });
    document.addEventListener("click", function (event) {
      if (!form.contains(event.target)) close();
    });
    list.addEventListener("click", close);
  }

  document.addEventListener("DOMContentLoaded", function () {
    themeButton();
    copyButtons();
    searchBox();
  });
})();
