# Glassbox. `make` prints what can be done; `make report` regenerates every finding and builds the site.
#
# One non-recursive makefile. Every experiment is compiled twice: into a describer (build/desc/ID), whose --rules are included here and
# make its units, and into the unit executable (build/unit/ID), which is relinked on any change of the core but replaced only if its
# bytes changed. So prose, claims and bounds never recompute anything. `report` runs its units in a second make below
# `glassbox watch`, which draws the progress; that is the one recursion.

SHELL := /bin/sh
.SUFFIXES:
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules --no-print-directory
ifeq ($(filter -j%,$(MAKEFLAGS)),)
MAKEFLAGS += -j$(shell nproc)
endif
export LC_ALL := C

# --- what may be set on the command line ----------------------------------------------------------------------------------
REAL ?= float
SAN ?=
DEBUG ?=
ONLY ?=
SEEDS ?= 1
VARIANT ?=
LAUNCH ?=
MINUTES ?= 10
CC := $(if $(filter default undefined,$(origin CC)),gcc,$(CC))

# V=1 shows the commands.
say = $(if $(V),,@printf '  %-5s %s\n' $(1) $(2);)

# --- flavours: each has its own build folder ------------------------------------------------------------------------------
comma := ,
FLAVOUR := $(strip $(if $(filter double,$(REAL)),double) $(if $(SAN),$(subst $(comma),-,$(SAN))) $(if $(DEBUG),debug))
B := build$(if $(FLAVOUR),/$(subst $() ,-,$(FLAVOUR)))
RUNS ?= run

CFLAGS := -std=gnu11 $(if $(DEBUG),-O1 -g,-O3) -march=x86-64-v3 -ffp-contract=off -fno-math-errno -fno-trapping-math \
  -fopenmp-simd -ffunction-sections -fdata-sections $(if $(SAN),-fsanitize=$(SAN) -fno-sanitize-recover=all -fno-omit-frame-pointer) \
  $(if $(filter double,$(REAL)),-DREAL_IS_DOUBLE)
WARN := -Wall -Wextra -Wpedantic -Wshadow -Wvla -Wstrict-prototypes -Wmissing-prototypes -Wno-comment \
  -Wno-missing-field-initializers -Werror
COMPILE = $(CC) $(CFLAGS) $(WARN) -I. -MMD -MP
LINK = $(CC) $(CFLAGS) -Wl,--gc-sections -Wl,--build-id=none -Wl,--as-needed
LIBS := -lblis -lcsv -lcrypto -lz -ljansson -lm

# --- sources ----------------------------------------------------------------------------------------------------------------
CORE := $(filter-out core/lab/run.c core/lab/describe.c,$(wildcard core/*/*.c))
EXPERIMENTS := $(sort $(wildcard experiments/*/*.c experiments/*/*/*.c))
IDS := $(basename $(notdir $(EXPERIMENTS)))
REPORT := $(wildcard report/*.c)
TESTS := $(basename $(notdir $(wildcard tests/test_*.c)))
SOURCES = $(wildcard core/*.[ch] core/*/*.[ch] report/*.[ch] tests/*.[ch] tests/fuzz/*.c bench/*.[ch]) $(EXPERIMENTS)
objects = $(patsubst %.c,$(B)/obj/%.o,$(1))

-include $(patsubst %.o,%.d,$(call objects,$(CORE) $(REPORT) $(addprefix tests/,$(addsuffix .c,$(TESTS)))))
-include $(wildcard $(B)/obj/*.d $(B)/obj/unit/*.d $(B)/desc/*.d)

$(B)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC,$<)$(COMPILE) $(EXTRA) -c $< -o $@
$(B)/obj/core/lab/provenance.o: EXTRA = '-DCOMPILE_FLAGS="$(CFLAGS)"'

$(B)/libcore.a: $(call objects,$(CORE))
	@rm -f $@
	$(call say,AR,$@)ar rcsD $@ $^

$(B)/glassbox: $(call objects,$(REPORT)) $(B)/libcore.a
	$(call say,LINK,$@)$(LINK) $^ $(LIBS) -o $@

# --- experiments -------------------------------------------------------------------------------------------------------------
# The describer. One that does not compile leaves a description that says so, and the others go on.
define experiment-rules
$(B)/desc/$(2).json: $(1) $(B)/obj/core/lab/describe.o | $(B)/libcore.a
	@mkdir -p $(B)/desc
	@rm -f $(B)/desc/$(2).mk
	@if $(COMPILE) -MF $(B)/desc/$(2).d -MT $$@ -c $(1) -o $(B)/desc/$(2).o 2> $(B)/desc/$(2).log && \
	    $(LINK) $(B)/desc/$(2).o $(B)/obj/core/lab/describe.o $(B)/libcore.a $(LIBS) -o $(B)/desc/$(2) 2>> $(B)/desc/$(2).log && \
	    $(B)/desc/$(2) --json $(1) > $$@.new 2>> $(B)/desc/$(2).log && $(B)/desc/$(2) --rules > $(B)/desc/$(2).mk; \
	  then mv $$@.new $$@; \
	  else cat $(B)/desc/$(2).log >&2; rm -f $(B)/desc/$(2).mk; \
	    printf '{"id":"%s","source":"%s","broken":"it does not compile, see %s"}\n' $(2) $(1) $(B)/desc/$(2).log > $$@; fi

$(B)/obj/unit/$(2).o: $(1)
	@mkdir -p $(B)/obj/unit $(B)/unit
	$(call say,CC,$$<)$(COMPILE) -DUNIT -c $(1) -o $$@
endef
$(foreach s,$(EXPERIMENTS),$(eval $(call experiment-rules,$(s),$(basename $(notdir $(s))))))

$(B)/obj/unit-main.o: core/lab/run.c
	@mkdir -p $(@D)
	$(call say,CC,$<)$(COMPILE) -DUNIT -c $< -o $@

# The executable is replaced only if its bytes differ; make looks at its time again because the second rule has an (empty) recipe.
$(B)/unit/%.stamp: $(B)/obj/unit/%.o $(B)/obj/unit-main.o $(B)/libcore.a
	$(call say,LINK,$@)$(LINK) $^ $(LIBS) -o $(@D)/$*.new
	@if cmp -s $(@D)/$*.new $(@D)/$*; then rm $(@D)/$*.new; else mv $(@D)/$*.new $(@D)/$*; fi
	@touch $@
$(patsubst %,$(B)/unit/%,$(IDS)): $(B)/unit/%: $(B)/unit/%.stamp ;

DESCRIPTIONS := $(patsubst %,$(B)/desc/%.json,$(IDS))
$(B)/findings.txt: $(DESCRIPTIONS)
	@printf '%s\n' $(foreach s,$(EXPERIMENTS),'$(basename $(notdir $(s))) $(s)') | cmp -s - $@ || \
	  printf '%s\n' $(foreach s,$(EXPERIMENTS),'$(basename $(notdir $(s))) $(s)') > $@
	@touch $@

# --- units -------------------------------------------------------------------------------------------------------------------
define run-unit
@mkdir -p $(B)/$(RUNS)/$(1)$(if $(2),@long)
@$(LAUNCH) $(B)/unit/$(1) --seed $* --out $(@D) --inputs $(B)/inputs $(2) > $(@D).log 2>&1 || { cat $(@D).log >&2; exit 2; }
endef

# Only goals that run units need the fragments.
ifneq ($(filter units why inputs-all smoke-%,$(MAKECMDGOALS)),)
include $(patsubst %,$(B)/desc/%.mk,$(IDS))
$(B)/desc/%.mk: $(B)/desc/%.json ;
endif

# A stamp is looked at in every run and rewritten only if the input's hash changed. INPUT.<stamp> comes from the fragments.
INPUT.lib-blis.sha256 := lib:blis
$(B)/inputs/%.sha256: FORCE | $(B)/glassbox
	@mkdir -p $(@D)
	@$(B)/glassbox input $(INPUT.$*.sha256) > $@.new && { cmp -s $@.new $@ && rm $@.new || mv $@.new $@; }
FORCE:
.PRECIOUS: $(B)/inputs/%.sha256 $(B)/run/% $(B)/unit/%.stamp $(B)/obj/unit/%.o
.SECONDARY:

UNITS = $(if $(wildcard $(B)/units.txt),$(file < $(B)/units.txt))
.PHONY: units
units: $(if $(filter units,$(MAKECMDGOALS)),$(UNITS))

# --- the goals that people type ---------------------------------------------------------------------------------------------
JOBS = $(or $(patsubst -j%,%,$(filter -j%,$(MAKEFLAGS))),$(shell nproc))
GLASSBOX = $(B)/glassbox
READY := $(B)/glassbox $(B)/findings.txt
PASS = REAL=$(REAL) SAN=$(SAN) DEBUG=$(DEBUG) LAUNCH='$(LAUNCH)' CC='$(CC)'

.PHONY: help report quick site check verify list plan why cite diff record bench smoke sizes format lint golden citations clean FORCE

help:
	@sed -n 's/^#? \?//p' Makefile
#? Glassbox: findings about how neural networks work inside, each rerun, judged and shown.
#?
#?   make report                 recompute seed 1 of every finding, build build/site/index.html
#?        ONLY='king-queen'      only these (globs on the id, or on any trailing part of section/id)
#?        SEEDS='1-3' | all      these seeds
#?        VARIANT=long           the longer variant, where a finding has one
#?        LAUNCH='srun -Q'       a prefix for every unit
#?   make quick                  the cheapest findings, under two minutes
#?   make check                  unit tests, lints, site checks
#?   make verify MINUTES=10      judge all claims on the record, recompute units, compare the bits
#?   make smoke                  every experiment at smoke size under sanitizers
#?   make list                   the findings        make plan    what `report` would run, and for how long
#?   make why T=king-queen       the input that makes its units run again
#?   make cite ID=king-queen/queen-first     how to cite a claim
#?   make diff A=folder B2=folder            two runs, value by value
#?   make record ONLY=king-queen             publish a full run into data/record
#?   make bench  sizes  format  golden  citations  clean
#?   REAL=double, SAN=address,undefined, DEBUG=1 build another flavour.

report: $(READY)
	@$(GLASSBOX) units --only '$(ONLY)' --seeds '$(SEEDS)' --variant '$(VARIANT)' $(QUICK) > $(B)/units.txt
	@env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL $(GLASSBOX) watch --units $(B)/units.txt -- \
	  $(MAKE) --keep-going -j$(JOBS) units $(PASS) || true
	@$(MAKE_SITE)
	@echo "file://$(CURDIR)/$(B)/site/index.html"

quick: QUICK = --quick
quick: report

# The site is remade when anything that it shows is newer than it.
MAKE_SITE = if [ ! -e $(B)/site/index.html ] || [ -n "$$(find $(GLASSBOX) $(B)/findings.txt $(B)/desc $(B)/run data report/assets \
  experiments -newer $(B)/site/index.html -name '*.*' ! -name '*.log' -print -quit 2>/dev/null)" ]; \
  then $(GLASSBOX) site --out $(B)/site; else echo "site: nothing had to be done"; fi

site: $(READY)
	@$(GLASSBOX) site --out $(B)/site

list plan: $(READY)
	@$(GLASSBOX) $@ --only '$(ONLY)' --seeds '$(SEEDS)'
cite: $(READY)
	@$(GLASSBOX) cite '$(ID)'
diff: $(READY)
	@$(GLASSBOX) diff '$(A)' '$(B2)'
golden citations: $(READY)
	@$(GLASSBOX) $@
why: $(READY)
	@$(MAKE) -n --debug=b $(B)/run/$(T)/seed-1/run.json units 2>&1 | grep -E 'is newer|does not exist' || echo "$(T): nothing changed"

record: $(READY)
	@$(GLASSBOX) record --plan '$(ONLY)' > $(B)/units.txt
	@env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL $(GLASSBOX) watch --units $(B)/units.txt -- \
	  $(MAKE) --keep-going -j$(JOBS) units $(PASS)
	@$(GLASSBOX) record '$(ONLY)'

verify: $(READY) $(patsubst %,$(B)/unit/%,$(IDS))
	@$(MAKE) inputs-all
	@$(GLASSBOX) verify --minutes $(MINUTES) --jobs $(JOBS) --inputs $(B)/inputs

# --- checks --------------------------------------------------------------------------------------------------------------------
$(B)/tests/%: $(B)/obj/tests/%.o $(B)/obj/tests/check_die.o $(filter-out %/main.o,$(call objects,$(REPORT))) $(B)/libcore.a
	@mkdir -p $(@D)
	$(call say,LINK,$@)$(LINK) $^ $(LIBS) -lcmocka -o $@

# Each step is a goal of its own; `check` runs them all, whatever fails, and ends with a count.
STEPS := test test-double symbols sizes lint compile-clang golden-check citations-check site-check
.PHONY: $(STEPS) test-one smoke-units inputs-all
check: $(READY)
	@passed=0; failed=0; names=; for step in $(STEPS); do echo "== $$step"; \
	  if $(MAKE) $$step; then passed=$$((passed+1)); else failed=$$((failed+1)); names="$$names $$step"; fi; done; \
	  [ -z "$$names" ] || echo "failed:$$names"; echo "$$passed passed, $$failed failed"; [ $$failed -eq 0 ]

test: $(patsubst %,$(B)/tests/%,$(TESTS)) $(READY)
	@bad=; for t in $(TESTS); do $(B)/tests/$$t > $(B)/tests/$$t.log 2>&1 || { cat $(B)/tests/$$t.log; bad="$$bad $$t"; }; \
	  sed -n 's/^\[==========\] \(.*\) run\.$$/'"$$t"': \1/p' $(B)/tests/$$t.log; done; [ -z "$$bad" ] || { echo "failed:$$bad"; exit 1; }

test-double:
	@$(MAKE) REAL=double test

# No libm beyond what compiles to one instruction: its bits move between releases.
symbols: $(patsubst %,$(B)/unit/%,$(IDS))
	@bad=$$(for u in $(IDS); do nm -D --undefined-only $(B)/unit/$$u | \
	  grep -E '@GLIBC' | grep -E ' (a?(sin|cos|tan)h?|atan2|exp|exp2|exp10|expm1|log|log2|log10|log1p|pow|cbrt|erfc?|[lt]gamma|hypot|fmod)f?@' | \
	  sed "s/^/$$u: /"; done); [ -z "$$bad" ] || { echo "$$bad"; exit 1; }; echo "$(words $(IDS)) units, no libm function in any"

sizes:
	@find core -name '*.[ch]' | xargs cat | wc -l | awk '{ print "core: " $$1 " of 8000 lines"; exit $$1 > 8000 }'
	@wc -l $(SOURCES) | awk '$$2 != "total" && $$1 > ($$2 ~ /^experiments/ ? 350 : 600) { print $$2 ": " $$1 " lines, too long"; bad = 1 } END { exit bad }'
	@echo "every file within 600 lines, every experiment within 350"

format:
	clang-format -i $(SOURCES)
lint:
	@if command -v clang-format > /dev/null; then clang-format --dry-run -Werror $(SOURCES) && echo "formatted as .clang-format says"; \
	  else echo "clang-format: not run (./setup --dev installs it)"; fi

# The second compiler sees what the first lets pass.
compile-clang:
	@if command -v clang > /dev/null; then $(MAKE) CC=clang B=build/clang build/clang/libcore.a build/clang/glassbox \
	  $(patsubst %,build/clang/unit/%,$(IDS)) && echo "clang: core, report and units compile"; else echo "clang: not run (./setup --dev installs it)"; fi

golden-check citations-check: %-check: $(READY)
	@$(GLASSBOX) $* --check

site-check: $(READY)
	@$(GLASSBOX) site --out $(B)/site
	@$(GLASSBOX) check-site $(B)/site
	@xmllint --noout $(B)/site/*.html
	@tidy -q -e --drop-empty-elements no $(B)/site/*.html
	@node tests/site/axe.mjs $(B)/site 2>&1 || { [ $$? -eq 127 ] && echo "axe: not run (./setup --dev installs it)"; }

# Every experiment at smoke size, under sanitizers.
smoke:
	@$(MAKE) SAN=$(or $(SAN),address$(comma)undefined) -k -j$(JOBS) smoke-units
$(patsubst %,smoke-%,$(IDS)): smoke-%: $(B)/unit/% inputs-all
	@mkdir -p build/smoke/$*
	@$(B)/unit/$* --seed 1 --out build/smoke/$*/seed-1 --inputs $(B)/inputs --smoke && echo "smoke: $* runs"
smoke-units: $(patsubst %,smoke-%,$(IDS))
	@echo "$(words $^) passed, 0 failed"
inputs-all: $(patsubst INPUT.%,$(B)/inputs/%,$(filter INPUT.%.sha256,$(.VARIABLES)))

bench:
	@$(MAKE) $(B)/bench/bench && $(B)/bench/bench

clean:
	rm -rf build
