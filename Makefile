# Glassbox. `make` prints what can be done; `make report` regenerates every finding and builds
# the site.
#
# One non-recursive makefile. Every experiment is compiled twice: into a describer
# (build/desc/ID), whose --rules are included here and make its units, and into the unit
# executable (build/unit/ID), which is relinked on any change of the core but replaced only if
# its bytes changed. So prose, claims and bounds never recompute anything. `report` runs its
# units in a second make below `glassbox watch`, which draws the progress.
#
# Whatever is made arrives by rename under its name, results included: a run that is killed at
# any moment leaves nothing that the next one would trust.

SHELL := /bin/sh
.SUFFIXES:
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
ifeq ($(MAKELEVEL),0)
MAKEFLAGS += -j$(shell nproc)
endif
MAKEFLAGS += --no-builtin-rules --no-print-directory
export LC_ALL := C

# --- what may be set on the command line -----------------------------------------------------
REAL ?= float
SAN ?=
DEBUG ?=
ONLY ?=
SEEDS ?= 1
VARIANT ?=
LAUNCH ?=
MINUTES ?= 10
ifeq ($(filter float double,$(REAL)),)
$(error REAL=$(REAL): expected float or double)
endif
CC := $(if $(filter default undefined,$(origin CC)),gcc,$(CC))

# V=1 shows the commands.
say = $(if $(V),,@printf '  %-5s %s\n' $(1) $(2);)

# --- flavours: each has its own build folder -------------------------------------------------
comma := ,
FLAVOUR := $(strip $(if $(filter double,$(REAL)),double) $(if $(SAN),$(subst $(comma),-,$(SAN))) $(if $(DEBUG),debug))
B := build$(if $(FLAVOUR),/$(subst $() ,-,$(FLAVOUR)))

CFLAGS := -std=gnu11 $(if $(DEBUG),-O1 -g,-O3) -march=x86-64-v3 -ffp-contract=off -fno-math-errno \
  -fno-trapping-math -fopenmp-simd -ffunction-sections -fdata-sections \
  $(if $(SAN),-fsanitize=$(SAN) -fno-sanitize-recover=all -fno-omit-frame-pointer) \
  $(if $(filter double,$(REAL)),-DREAL_IS_DOUBLE)
WARN := -Wall -Wextra -Wpedantic -Wshadow -Wvla -Wstrict-prototypes -Wmissing-prototypes \
  -Wno-comment -Wno-missing-field-initializers $(if $(findstring clang,$(CC)),-Wno-pass-failed) -Werror
LINK = $(CC) $(CFLAGS) -Wl,--gc-sections -Wl,--build-id=none -Wl,--as-needed
LIBS := -lblis -lcsv -lcrypto -lz -lbz2 -llzma -ljansson -lpcre2-8 -lm

# $(call compile,FLAGS): $< to the object $@ and its dependencies.
compile = $(CC) $(CFLAGS) $(WARN) -I. $(1) -MMD -MP -MT $@ -MF $@.d -c $< -o $@.new && \
  mv $@.d $(@:.o=.d) && mv $@.new $@
link = $(LINK) $(filter-out $(B)/flags.txt,$^) $(LIBS) $(1) -o $@.new && mv $@.new $@

# --- sources -----------------------------------------------------------------------------------
CORE := $(filter-out core/lab/run.c,$(wildcard core/*/*.c))
EXPERIMENTS := $(sort $(wildcard experiments/*/*.c experiments/*/*/*.c))
IDS := $(basename $(notdir $(EXPERIMENTS)))
REPORT := $(filter-out report/describe.c,$(wildcard report/*.c))
TESTS := $(basename $(notdir $(wildcard tests/test_*.c)))
TEST_PARTS := $(filter-out tests/test_%.c,$(wildcard tests/*.c))
FUZZERS := $(basename $(notdir $(wildcard tests/fuzz/*.c)))
BENCHES := $(basename $(notdir $(wildcard bench/*.c)))
SOURCES = $(wildcard core/*.[ch] core/*/*.[ch] report/*.[ch] tests/*.[ch] tests/fuzz/*.[ch] bench/*.[ch]) \
  $(EXPERIMENTS)
objects = $(patsubst %.c,$(B)/obj/%.o,$(1))
units = $(patsubst %,$(B)/unit/%,$(1))

-include $(patsubst %.o,%.d,$(call objects,$(CORE) $(REPORT) $(TEST_PARTS) $(wildcard tests/test_*.c bench/*.c)))
-include $(wildcard $(B)/obj/*.d $(B)/obj/unit/*.d $(B)/obj/report/describe.d $(B)/desc/*.d)

# Other flags or another compiler make all objects again.
$(B)/flags.txt: FORCE
	@mkdir -p $(@D)
	@{ echo '$(CC) $(CFLAGS)'; $(CC) --version | head -n 1; } > $@.new
	@if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi
FORCE:

$(B)/obj/%.o: %.c $(B)/flags.txt
	@mkdir -p $(@D)
	$(call say,CC,$<)$(call compile,$(EXTRA))
$(B)/obj/core/lab/provenance.o: EXTRA = '-DCOMPILE_FLAGS="$(CFLAGS)"'
$(B)/obj/report/%.o: EXTRA = '-DBUILD="$(B)"'
$(B)/obj/tests/%.o: EXTRA = '-DBUILD="$(B)"'

$(B)/libcore.a: $(call objects,$(CORE))
	$(call say,AR,$@)rm -f $@.new && ar rcsD $@.new $^ && mv $@.new $@

$(B)/glassbox: $(call objects,$(REPORT)) $(B)/libcore.a
	$(call say,LINK,$@)$(call link)

# --- experiments -------------------------------------------------------------------------------
# The describer. One that does not compile leaves a description that says so, older than any
# source, so that it is tried again; the others go on.
DESCRIBE := $(call objects,report/describe.c report/verdict.c core/lab/provenance.c)

define experiment-rules
$(B)/desc/$(2).json: $(1) $(DESCRIBE) $(B)/flags.txt | $(B)/libcore.a
	@mkdir -p $(B)/desc
	@if { $$(CC) $$(CFLAGS) $$(WARN) -I. -MMD -MP -MT $$@ -MF $(B)/desc/$(2).d -c $(1) -o $(B)/desc/$(2).o && \
	    $$(LINK) $(B)/desc/$(2).o $$(DESCRIBE) $(B)/libcore.a $(LIBS) -o $(B)/desc/$(2) && \
	    $(B)/desc/$(2) --rules > $(B)/desc/$(2).mk.new && \
	    $(B)/desc/$(2) --json $(1) > $$@.new; } 2> $(B)/desc/$(2).log; \
	  then mv $(B)/desc/$(2).mk.new $(B)/desc/$(2).mk && mv $$@.new $$@; \
	  else cat $(B)/desc/$(2).log >&2; : > $(B)/desc/$(2).mk; \
	    printf '{"id":"%s","source":"%s","broken":"it does not compile, see %s"}\n' \
	      $(2) $(1) $(B)/desc/$(2).log > $$@.new; touch -d 1970-01-02 $$@.new; mv $$@.new $$@; fi

$(B)/obj/unit/$(2).o: $(1) $(B)/flags.txt
	@mkdir -p $(B)/obj/unit
	$$(call say,CC,$$<)$$(call compile,-DUNIT)
endef
$(foreach s,$(EXPERIMENTS),$(eval $(call experiment-rules,$(s),$(basename $(notdir $(s))))))

$(B)/obj/unit-main.o: core/lab/run.c $(B)/flags.txt
	@mkdir -p $(@D)
	$(call say,CC,$<)$(call compile,-DUNIT)

# The executable is replaced only if its bytes differ. The stamp is what make compares; the second
# rule's empty recipe makes it look at the executable's own time again.
$(B)/unit/%.stamp: $(B)/obj/unit/%.o $(B)/obj/unit-main.o $(B)/libcore.a
	@mkdir -p $(@D)
	$(call say,LINK,$(B)/unit/$*)$(LINK) $^ $(LIBS) -o $(@D)/$*.new
	@if cmp -s $(@D)/$*.new $(@D)/$*; then rm $(@D)/$*.new; else mv $(@D)/$*.new $(@D)/$*; fi
	@touch $@
$(call units,$(IDS)): $(B)/unit/%: $(B)/unit/%.stamp ;

# The list of the findings changes when one comes, goes or moves.
$(B)/findings.txt: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' $(EXPERIMENTS) > $@.new
	@if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi

# --- units -------------------------------------------------------------------------------------
# What `glassbox watch` reads on its pipe: a line when a unit starts and one when it is done. A
# result whose executable and inputs are those of today is kept, whatever the times say. `exec`
# leaves no shell between make and the unit, so whoever ends make ends its units.
define run-unit
@mkdir -p $(@D:/seed-$*=)
@if [ -e $@ ] && $(GLASSBOX) current $@; then touch $@; \
  else echo '@start $@'; \
  exec $(LAUNCH) $(B)/unit/$(1) --seed $* --out $(@D) --inputs $(B)/inputs $(2) > $(@D).log 2>&1; fi
@echo '@done $@'
endef

# Only goals that run units need the fragments.
ifneq ($(filter units inputs-all smoke-units,$(MAKECMDGOALS)),)
include $(patsubst %,$(B)/desc/%.mk,$(IDS))
$(B)/desc/%.mk: $(B)/desc/%.json ;
endif

# A stamp is looked at in every run and rewritten only if the input changed. INPUT.<stamp> comes
# from the fragments.
INPUT.lib-blis.sha256 := lib:blis
$(B)/inputs/%.sha256: FORCE | $(B)/glassbox
	@mkdir -p $(@D)
	@$(B)/glassbox input '$(INPUT.$*.sha256)' > $@.new
	@if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi

.PRECIOUS: $(B)/obj/%.o $(B)/unit/%.stamp $(B)/inputs/%.sha256 $(B)/tests/% $(B)/run/%/run.json

.PHONY: units inputs-all executables
units: $(if $(filter units,$(MAKECMDGOALS)),$(shell cat $(B)/units.txt))
inputs-all: $(patsubst INPUT.%,$(B)/inputs/%,$(filter INPUT.%.sha256,$(.VARIABLES)))
executables: $(call units,$(IDS))

# --- the goals that people type ----------------------------------------------------------------
JOBS = $(or $(patsubst -j%,%,$(filter -j%,$(MAKEFLAGS))),$(shell nproc))
GLASSBOX := $(B)/glassbox
READY := $(B)/glassbox $(patsubst %,$(B)/desc/%.json,$(IDS)) $(B)/findings.txt
# Not a literal $(MAKE): `make -n` must not run it.
AGAIN = env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL $(firstword $(MAKE)) --keep-going -j$(JOBS) \
  REAL='$(REAL)' SAN='$(SAN)' DEBUG='$(DEBUG)' LAUNCH='$(LAUNCH)' CC='$(CC)' V='$(V)'
WATCH = $(GLASSBOX) watch --units $(B)/units.txt --only '$(ONLY)' --jobs $(JOBS) -- $(AGAIN) units
# After a failed command: the last line before make's own names the class.
CLASS = || { s=$$?; case $$s in 1) w='a verdict or a bit changed';; \
  2) w='usage, crash, or missing or malformed input';; \
  3) w='inconclusive: only MIXED where HOLDS was expected';; \
  130) w='interrupted; what was finished is kept';; *) w='crash';; esac; \
  echo "$@: exit $$s: $$w" >&2; exit $$s; }

.PHONY: help report quick gpt2 site check verify list plan judge why cite diff record bench smoke fuzz \
  sizes format lint golden citations clean FORCE

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
#?   make gpt2 MODEL=path/model.safetensors  the resilience findings on a GPT-2 of yours
#?   make check                  unit tests, lints, site checks
#?   make verify MINUTES=10      judge all claims on the record, recompute units, compare the bits;
#?                              ONLY= as above
#?   make judge                  the verdicts of the record and of this machine's runs
#?   make smoke                  every experiment at smoke size under sanitizers
#?   make list                   the findings        make plan    what `report` would run, how long
#?   make why T=king-queen       why its units run again, or that they do not
#?   make cite ID=king-queen/queen-first     how to cite a claim
#?   make diff A=folder B2=folder            two runs, value by value
#?   make record ONLY=king-queen [ALL=1]     publish a full run into data/record
#?   make promises               what is promised of make itself, on a planted experiment
#?   make bench  fuzz  site  sizes  format  golden  citations  clean
#?
#?   REAL=double, SAN=address,undefined, DEBUG=1 build another flavour; V=1 shows the commands.

report: $(READY)
	@$(GLASSBOX) units --only '$(ONLY)' --seeds '$(SEEDS)' --variant '$(VARIANT)' $(QUICK) \
	  > $(B)/units.txt $(CLASS)
	@( $(WATCH) || [ $$? -ne 130 ] || exit 130 ) $(CLASS)
	@$(MAKE_SITE) $(CLASS)
	@echo "file://$(CURDIR)/$(B)/site/index.html"

quick: QUICK = --quick
quick: report

# The tokenizer's files lie beside the weights.
ifdef MODEL
export VOCAB ?= $(dir $(MODEL))vocab.json
export MERGES ?= $(dir $(MODEL))merges.txt
endif
gpt2: ONLY = gpt2-checkpoint
gpt2: report
	@[ -n '$(MODEL)' ] || echo 'gpt2: not run: give MODEL=path/model.safetensors' >&2

# The site is remade when anything that it shows is newer than it.
SHOWN := $(GLASSBOX) $(B)/findings.txt $(B)/desc $(B)/run data report/assets experiments
MAKE_SITE = if [ -e $(B)/site/index.html ] && [ -z "$$(find $(SHOWN) -newer $(B)/site/index.html \
    -type f ! -name '*.log' ! -name '*.new' -print -quit 2> /dev/null)" ]; \
  then echo 'site: nothing had to be done'; else $(GLASSBOX) site --out $(B)/site; fi

site: $(READY)
	@$(GLASSBOX) site --out $(B)/site $(CLASS)
	@echo "file://$(CURDIR)/$(B)/site/index.html"

list: $(READY)
	@$(GLASSBOX) list --only '$(ONLY)' $(CLASS)
cite: $(READY)
	@$(GLASSBOX) cite '$(ID)' $(CLASS)
diff: $(READY)
	@$(GLASSBOX) diff '$(A)' '$(B2)' $(CLASS)
judge: $(READY)
	@$(GLASSBOX) judge --only '$(ONLY)' $(CLASS)
golden citations: $(READY)
	@$(GLASSBOX) $@ $(CLASS)

# These speak of executables and inputs, so both are made first; what does not compile is said by
# the command.
plan: $(READY)
	@$(MAKE) --keep-going executables inputs-all > $(B)/prepared.log 2>&1 || true
	@$(GLASSBOX) plan --only '$(ONLY)' --seeds '$(SEEDS)' --variant '$(VARIANT)' --jobs $(JOBS) $(CLASS)
why: $(READY)
	@$(MAKE) --keep-going executables inputs-all > $(B)/prepared.log 2>&1 || true
	@$(GLASSBOX) why --only '$(T)' --seeds '$(SEEDS)' --variant '$(VARIANT)' $(CLASS)

# Twice: what seed 1 gives decides whether the other seeds have to run.
record: $(READY)
	@( for pass in 1 2; do \
	  $(MAKE) --keep-going executables inputs-all > $(B)/prepared.log 2>&1; \
	  $(GLASSBOX) record --plan $(RECORD) '$(ONLY)' > $(B)/units.txt || exit; \
	  [ ! -s $(B)/units.txt ] || $(WATCH) || exit; done ) $(CLASS)
	@$(GLASSBOX) record $(RECORD) '$(ONLY)' $(CLASS)
RECORD = $(if $(VARIANT),--variant '$(VARIANT)') $(if $(ALL),--all)

# What does not compile leaves the executable of yesterday: then nothing is confirmed.
verify: $(READY)
	@rm -f $(B)/unbuilt; $(MAKE) --keep-going executables inputs-all $(if $(V),,> $(B)/prepared.log 2>&1) || : > $(B)/unbuilt
	@( $(GLASSBOX) verify --minutes '$(MINUTES)' --only '$(ONLY)' --jobs $(JOBS) --inputs $(B)/inputs || exit; \
	  [ ! -e $(B)/unbuilt ] || { echo 'not every unit could be built, see $(B)/prepared.log' >&2; exit 2; } ) $(CLASS)

# --- checks --------------------------------------------------------------------------------------
$(B)/tests/%: $(B)/obj/tests/%.o $(call objects,$(TEST_PARTS)) \
  $(filter-out %/main.o,$(call objects,$(REPORT))) $(B)/libcore.a
	@mkdir -p $(@D)
	$(call say,LINK,$@)$(call link,-lcmocka)

# Each step is a goal of its own; `check` runs them all, whatever fails, and ends with a count.
STEPS := test test-double symbols sizes lint compile-clang bits golden-check citations-check site-check
.PHONY: $(STEPS) smoke-units promises
check: $(READY)
	@passed=0; failed=0; names=; for step in $(STEPS); do echo "== $$step"; \
	  if $(MAKE) $$step; then passed=$$((passed+1)); else failed=$$((failed+1)); names="$$names $$step"; fi; done; \
	  [ -z "$$names" ] || echo "failed:$$names"; echo "$$passed passed, $$failed failed"; [ $$failed -eq 0 ]

test: $(patsubst %,$(B)/tests/%,$(TESTS)) $(if $(FLAVOUR),,$(READY))
	@bad=; for t in $(TESTS); do $(B)/tests/$$t > $(B)/tests/$$t.log 2>&1 || { grep -v '^\[ *\(RUN\|OK\) ' $(B)/tests/$$t.log; bad="$$bad $$t"; }; \
	  grep -ho '[0-9]* test(s) run' $(B)/tests/$$t.log | sed "s/^/$$t: /"; done; \
	  [ -z "$$bad" ] || { echo "failed:$$bad"; exit 1; }

test-double:
	@$(MAKE) REAL=double test

# No libm beyond what compiles to one instruction: its bits move between releases.
symbols: executables
	@bad=$$(for u in $(IDS); do nm -D --undefined-only $(B)/unit/$$u | grep -E '@GLIBC' | \
	  grep -E ' (a?(sin|cos|tan)h?|atan2|exp|exp2|exp10|expm1|log|log2|log10|log1p|pow|cbrt|erfc?|[lt]gamma|hypot|fmod)f?@' | \
	  sed "s/^/$$u: /"; done); [ -z "$$bad" ] || { echo "$$bad"; exit 1; }; \
	  echo "$(words $(IDS)) units, no libm function in any"

# The core's ceiling counts lines of code: essays and the sentences beside declarations are free. An experiment's ceiling is the harder
# one: what an article of 350 lines cannot hold (a tokenizer, a coder, a GPT-2, surgery on it, machines read out of hidden states) goes to
# core, where it is tested. A unit links only what it calls.
sizes:
	@cat $(wildcard core/*.[ch] core/*/*.[ch]) | $(CC) -w -fpreprocessed -dD -E -P -x c - | grep -c . | \
	  awk '{ print "core: " $$1 " of 11000 lines of code"; exit $$1 > 11000 }'
	@wc -l $(SOURCES) | awk '$$2 != "total" && $$1 > ($$2 ~ /^experiments/ ? 350 : 600) { \
	  print $$2 ": " $$1 " lines, too long"; bad = 1 } END { exit bad }'
	@echo 'every file within 600 lines, every experiment within 350'

format:
	clang-format -i $(SOURCES)
lint:
	@if command -v clang-format > /dev/null; \
	  then clang-format --dry-run -Werror $(SOURCES) && echo 'formatted as .clang-format says'; \
	  else echo 'clang-format: not run (./setup --dev installs it)'; fi

# The second compiler sees what the first lets pass.
compile-clang:
	@if command -v clang > /dev/null; \
	  then $(MAKE) CC=clang B=build/clang build/clang/libcore.a build/clang/glassbox executables && \
	    echo 'clang: core, report and units compile'; \
	  else echo 'clang: not run (./setup --dev installs it)'; fi

# A small training has the published weights under the other compiler and wider vectors too.
bits:
	@mkdir -p $(B); for how in 'clang x86-64-v3' 'gcc x86-64-v4 -mprefer-vector-width=512'; do \
	  set -- $$how; command -v $$1 > /dev/null || { echo "bits: $$how: not run (no $$1)"; continue; }; \
	  [ $$2 = x86-64-v3 ] || grep -qw avx512vl /proc/cpuinfo || { echo "bits: $$how: not run (this CPU has no AVX-512)"; continue; }; \
	  $$1 $(filter-out -march=%,$(CFLAGS)) -march=$$2 $$3 -w -I. tests/test_bits.c tests/check_die.c \
	    $(filter-out core/base/die.c,$(filter core/base/% core/num/% core/net/%,$(CORE))) $(LIBS) -lcmocka \
	    -o $(B)/test_bits && $(B)/test_bits > $(B)/test_bits.log 2>&1 && echo "bits: $$how: the same" || \
	    { cat $(B)/test_bits.log; exit 1; }; done

golden-check citations-check: %-check: $(READY)
	@$(GLASSBOX) $* --check

site-check: $(READY)
	@$(GLASSBOX) site --strict --out $(B)/site
	@$(GLASSBOX) check-site $(B)/site
	@xmllint --noout $(B)/site/*.html
	@tidy -q -e --drop-empty-elements no $(B)/site/*.html
	@node tests/site/axe.mjs $(B)/site 2>&1 || { [ $$? -eq 127 ] && echo 'axe: not run (./setup --dev installs it)'; }

# Every experiment at smoke size, under sanitizers.
smoke:
	@rm -rf build/smoke && mkdir -p build/smoke
	@$(MAKE) SAN=$(or $(SAN),address$(comma)undefined) --keep-going smoke-units || true
	@passed=$$(find build/smoke -name run.json | wc -l); failed=$$(($(words $(IDS)) - passed)); \
	  echo "$$passed passed, $$failed failed"; [ $$failed -eq 0 ]
$(patsubst %,smoke-%,$(IDS)): smoke-%: $(B)/unit/% inputs-all
	@! grep -q '"broken"' $(B)/desc/$*.json
	@mkdir -p build/smoke/$*
	@$(B)/unit/$* --seed 1 --out build/smoke/$*/seed-1 --inputs $(B)/inputs --smoke && echo 'smoke: $* runs'
smoke-units: $(patsubst %,smoke-%,$(IDS))

# What foreign bytes can do, for SECONDS each; what is found stays in build/fuzz.
SECONDS ?= 300
fuzz: $(if $(shell command -v clang),$(patsubst %,$(B)/fuzz/%,$(FUZZERS)))
	@command -v clang > /dev/null || { echo 'fuzz: not run (./setup --dev installs clang)'; exit 0; }; \
	for f in $(FUZZERS); do echo "== $$f"; mkdir -p $(B)/fuzz/corpus-$$f; \
	  $(B)/fuzz/$$f -max_total_time=$(SECONDS) -print_final_stats=1 -artifact_prefix=$(B)/fuzz/ \
	    $(B)/fuzz/corpus-$$f tests/fuzz/corpus/$$f || exit; done
$(B)/fuzz/%: tests/fuzz/%.c $(wildcard core/*/*.[ch])
	@mkdir -p $(@D)
	$(call say,FUZZ,$@)clang -std=gnu11 -O1 -g -march=x86-64-v3 -fsanitize=fuzzer,address,undefined -I. \
	  $< $(filter-out core/lab/%,$(CORE)) $(LIBS) -o $@

promises:
	@tests/make_promises.sh

$(B)/bench/%: $(B)/obj/bench/%.o $(B)/libcore.a
	@mkdir -p $(@D)
	$(call say,LINK,$@)$(call link)
bench: $(patsubst %,$(B)/bench/%,$(BENCHES))
	@for b in $(BENCHES); do $(B)/bench/$$b || exit; done

# `make clean report` means one after the other.
ifneq ($(filter clean,$(MAKECMDGOALS)),)
.NOTPARALLEL:
endif
clean:
	rm -rf build
