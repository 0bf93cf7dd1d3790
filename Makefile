# tare: plain GNU make, objects under build/. `make help` lists the targets.

# Also where CC= is given and is empty, which the command line then insists on.
ifneq ($(if $(strip $(CC)),$(filter default,$(origin CC)),empty),)
override CC := gcc
endif
PREFIX ?= /usr/local
DESTDIR ?=
OUT ?= out
CFLAGS ?= -O2 -g
WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror
PACKAGES := jansson gsl libcrypto libseccomp libcap yaml-0.1
VM_CPUS ?= 2
# systemd reads units here whatever PREFIX is; pkg-config knows where a distribution has them (systemd-dev on Debian 13).
SYSTEMD_UNITS = $(or $(shell pkg-config --variable=systemdsystemunitdir systemd 2>/dev/null),/usr/lib/systemd/system)
SYSTEMD_USER_UNITS = $(or $(shell pkg-config --variable=systemduserunitdir systemd 2>/dev/null),/usr/lib/systemd/user)

B := build
VERSION := $(shell sed -n 's/^\#define TARE_VERSION "\(.*\)"/\1/p' runner/base/version.h)
# The tar of `make dist` has its commit in .commit, wherever it is unpacked.
COMMIT := $(shell cat .commit 2>/dev/null || git describe --always --dirty --abbrev=12 2>/dev/null || echo unknown)
# $(call once,NAME,TEXT): the value of NAME, whose $$-escaped TEXT is expanded where it is first asked for, and then kept.
once = $(eval $(1) := $(2))$($(1))
# Looked up only when something is compiled: setup may have to install pkg-config first.
PKG_CFLAGS = $(call once,PKG_CFLAGS,$$(shell pkg-config --cflags $$(PACKAGES)))
# Archives where there are any, and a static program where all are: loading libraries and binding their symbols takes as
# long as starting `true`. A libcgroup that asks systemd stays a shared one, and tare with it a dynamic program.
# LINK=shared: none of it, as a distribution wants it that mends its libraries.
archive = $(if $(filter shared,$(LINK)),-l$(1),$(or $(filter /%,$(shell $(CC) -print-file-name=lib$(1).a)),-l$(1)))
# The one that reads what the compiler writes.
NM = $(call once,NM_,$$(shell $$(CC) -print-prog-name=nm))
CGROUP_LIB = $(call once,CGROUP_LIB,$$(if $$(shell $$(NM) $$(call archive,cgroup) 2>/dev/null | grep -m1 'U sd_bus'),-lcgroup,$$(call archive,cgroup)))
# Debian 13's libcrypto.a wants zstd, brotli and zlib beside it: there it is the shared one, which apt needs anyway.
CRYPTO_LIB = $(call once,CRYPTO_LIB,$$(if $$(shell $$(NM) $$(call archive,crypto) 2>/dev/null | grep -m1 'U ZSTD_'),-lcrypto,$$(call archive,crypto)))
PKG_LIBS = $(call once,PKG_LIBS,$$(foreach l,jansson gsl gslcblas cap yaml,$$(call archive,$$(l))) $$(CGROUP_LIB) $$(CRYPTO_LIB) -lm)
# How tare is linked. libcgroup.a looks accounts up for rules, which tare has none of: the linker's word on that is spared.
PROGRAM_KIND = $(call once,PROGRAM_KIND,$$(if $$(filter shared,$$(LINK)),-pie,$$(if $$(SANITIZE)$$(filter-out -lm,$$(filter -l%,$$(PKG_LIBS))),-no-pie,-static $$(QUIET_LINK))))
QUIET_LINK = $(if $(shell echo 'int main(void){}' | $(CC) -static -Wl,--no-warnings $(LDFLAGS) -x c -o /dev/null - 2>&1 || echo no),,-Wl,--no-warnings)
# What the compiler and the machine have of these; tests/elf reads each back from the programs. A sanitizer looks where
# _FORTIFY_SOURCE does, and that one needs an optimisation.
takes = $(foreach f,$(1),$(if $(shell $(CC) -Werror $(f) -x c -c -o /dev/null /dev/null 2>&1 || echo no),,$(f)))
FORTIFY = $(if $(SANITIZE)$(filter-out -O1 -O2 -O3 -Os -Oz -Og,$(or $(filter -O%,$(CFLAGS)),-O0)),,-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)
HARDENING = $(call once,HARDENING,-fPIE $$(call takes,-fstack-protector-strong -fcf-protection=full -mbranch-protection=standard) $$(FORTIFY))
# Symbols are bound at the start: a forked child that binds its own copies the tables, page by page.
PROGRAM_LDFLAGS := -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack
# What was compiled before, by another clone too, comes out of the cache that the interpreters are in.
export CCACHE_DIR ?= $(or $(TARE_CACHE),$(or $(XDG_CACHE_HOME),$(HOME)/.cache)/tare)/ccache
export CCACHE_BASEDIR = $(CURDIR)
export CCACHE_NOHASHDIR = 1
export CCACHE_MAXSIZE ?= 1G
CCACHE := $(shell mkdir -p '$(CCACHE_DIR)' 2>/dev/null && test -w '$(CCACHE_DIR)' && command -v ccache)
COMPILE = $(CCACHE) $(CC) -std=c17 -D_GNU_SOURCE $(WARNINGS) $(CFLAGS) $(HARDENING) $(SANITIZE) -iquote runner -iquote . -MMD -MP

SOURCES := $(filter-out runner/main.c cgroups/scope_main.c runner/compile_manual.c runner/launch/compile_filters.c runner/workloads/% runner/archive/% runner/bundle/% runner/oci/%,$(wildcard runner/*.c runner/*/*.c runner/host/*/*.c cgroups/*.c))
OBJECTS := $(SOURCES:%.c=$(B)/%.o) $(B)/filters.o
# What is done with bundles is a program of its own: libarchive brings fifteen libraries, which a runner that starts in
# a millisecond does not load.
ARTEFACT_OBJECTS := $(patsubst %.c,$(B)/%.o,$(filter-out %/artefact_main.c,$(wildcard runner/archive/*.c runner/bundle/*.c runner/oci/*.c)))
ARTEFACT_LIBS := -larchive
# A scenario is a folder with a scenario.yml; where it has C files they are its native program, of the folder's name.
# What lies beside the folders is theirs in common.
SCENARIOS := $(patsubst runner/workloads/%/scenario.yml,%,$(wildcard runner/workloads/*/scenario.yml))
NATIVE_SCENARIOS := $(foreach s,$(SCENARIOS),$(if $(wildcard runner/workloads/$(s)/*.c),$(s)))
NATIVE_PROGRAMS := $(foreach s,$(NATIVE_SCENARIOS),$(B)/workloads/$(s)/$(s))
WORKLOAD_SOURCES := $(filter-out %/known_loads.c,$(wildcard runner/workloads/*.c)) runner/launch/ledger.c runner/base/err.c runner/base/text.c
WORKLOAD_OBJECTS := $(WORKLOAD_SOURCES:%.c=$(B)/%.o)
WORKLOAD_SCRIPTS := $(wildcard runner/workloads/*.py)
# What the program finds beside itself.
SHARED := cmdline LICENSE versions.lock
PLANS := $(wildcard runner/plans/*.yml)
SCHEMAS := $(wildcard runner/*/*.schema.json)
SCENARIO_FILES := $(foreach s,$(SCENARIOS),$(wildcard runner/workloads/$(s)/*.py runner/workloads/$(s)/*.yml))
WORKLOADS := $(NATIVE_PROGRAMS) $(B)/workloads/known-loads $(patsubst runner/%,$(B)/%,$(WORKLOAD_SCRIPTS) $(SCENARIO_FILES))
# tests/unit/ROOM/test_NAME.c is $(B)/tests/test_NAME.
$(if $(wildcard tests/unit/test_*.c),$(error $(wildcard tests/unit/test_*.c): a unit test lies in the folder of its room, tests/unit/ROOM))
UNIT_SOURCES := $(wildcard tests/unit/*/test_*.c)
UNIT_TESTS := $(addprefix $(B)/tests/,$(notdir $(UNIT_SOURCES:.c=)))
UNIT_HELPERS := $(patsubst %.c,$(B)/%.o,$(wildcard tests/unit/*.c))

# A folder, also where an older tree has a program of that name.
folder = mkdir -p $(1) 2>/dev/null || { rm -f $(1) && mkdir -p $(1); }

# What a rule does in a word; V=1 shows the commands.
ifneq ($(V),1)
Q = @echo '  $(@:$(B)/%=%)';
endif

.DEFAULT_GOAL := build
.DELETE_ON_ERROR:
.PHONY: FORCE all unit man uninstall dist deb build calibrate reports run run-vm vm-image test test-long test-page test-engine test-deb test-arm64 check setup python install clean help bench sanitize fuzz fuzz-build fuzzers faults faults-build coverage coverage-build with-threads

run: ## set everything up, then weigh scenario1: the original's four cells, and what threads cost beside processes
	@scripts/run seed --out $(OUT)/seed

run-vm: ## the same cells, fewer iterations, in a VM with a full slice (times are emulated there)
	@scripts/run --in-vm seed-short --out $(OUT)/seed-short

vm-image: setup ## build the VM image: locked kernel, command line and packages, both CPythons, tare
	@scripts/setup test
	@$(MAKE) --no-print-directory build
	@scripts/build-vm-image

test: ## set everything up, then pass the tests: units, the workloads, live here, the slices in a VM
	@scripts/setup test
	@$(MAKE) --no-print-directory build python
	@scripts/test

test-long: ## what takes longer: sanitizers, faults, fuzzers, the GIL build, all that is live in VMs, Slurm, the images' lock and VM
	@scripts/setup test slurm long faults fuzz paper
	@$(MAKE) --no-print-directory build unit-tests python
	@scripts/test artefact sanitize races memcheck faults fuzz workload-gil guests cluster images page

test-page: ## the report in Chromium, the sample paper under LaTeX (a gigabyte of packages where they are missing)
	@scripts/setup test page paper
	@$(MAKE) --no-print-directory build
	@scripts/test page

test-engine: ## the images under a real Docker engine, here and in the VM (builds them: a quarter of an hour, once)
	@scripts/setup test
	@command -v dockerd >/dev/null || scripts/setup images
	@$(MAKE) --no-print-directory build python
	@scripts/test engine

test-deb: ## Debian packages of two releases: built, installed and used in clean roots (root; minutes)
	@scripts/setup test
	@scripts/test deb

test-arm64: ## build for arm64, and pass the units under QEMU's user emulation (root; minutes)
	@scripts/setup test
	@scripts/test arm64

check: ## formatting, static analysis, who may include whom
	@scripts/setup check
	@scripts/check

calibrate: ## how often the rules of comparisons and claims are wrong, by simulation: tests/calibrate/README.md (minutes)
	@scripts/setup test
	@$(MAKE) --no-print-directory $(B)/tests/calibrate/calibrate
	@tests/calibrate/run $(CURDIR)/$(B)/tests/calibrate/calibrate

bench: ## what the runner itself costs, beside its peers, into tests/bench/README.md; BENCH=sampler: one of them, printed
	@scripts/setup bench
	@scripts/setup slurm || echo 'bench: the row of Slurm will be null'
	@command -v dockerd >/dev/null || scripts/setup images || echo 'bench: the rows of docker run will be null'
	@$(MAKE) --no-print-directory build
	@scripts/bench $(BENCH)

reports: ## public reports of threads that do not scale: what --why says beside what the maintainers found (root; minutes)
	@$(MAKE) --no-print-directory build
	@scripts/build-python --config diag ft >/dev/null
	@python3 tests/reports/run.py $(B)

setup: ## install the Debian packages that a build needs
	@scripts/setup build

python: ## build CPython, free-threaded and with the GIL, into the cache (minutes, once); PYTHON_PGO=1 optimises
	@scripts/build-python

# An image is made without the tests.
build: $(B)/tare $(B)/tare-artefact $(B)/tare-scope $(SHARED:%=$(B)/share/%) $(WORKLOADS) $(PLANS:runner/%=$(B)/%) $(if $(wildcard tests),$(B)/escapes) ## compile build/tare and the workloads

unit: ## one unit test, T=cells: tests/unit/*/test_cells.c, built and run
	@$(MAKE) --no-print-directory $(B)/tests/test_$(or $(T),$(error which one: make unit T=cells; there are $(UNIT_TESTS:$(B)/tests/test_%=%))) $(B)/tests/workloads
	@$(B)/tests/test_$(T)

compile_commands.json: FORCE ## how each source is compiled, for editors and clang's tools
	@{ echo '['; for f in $(SOURCES) runner/main.c cgroups/scope_main.c $(wildcard runner/archive/*.c runner/bundle/*.c runner/oci/*.c tests/unit/*.c tests/unit/*/*.c); do \
	  printf '{"directory": "%s", "file": "%s", "command": "%s -c %s"},\n' '$(CURDIR)' "$$f" \
	    '$(subst ",\",$(filter-out $(CCACHE),$(COMPILE)) -DTARE_COMMIT=none $(PKG_CFLAGS))' "$$f"; \
	done | sed '$$ s/,$$//'; echo ']'; } > $@

man: $(B)/man/tare.1 ## the man pages and the shells' completion, into build/man

MAN = $(DESTDIR)$(PREFIX)/share/man
ZSH_COMPLETIONS ?= zsh/site-functions
COMPLETIONS = $(addprefix $(DESTDIR)$(PREFIX)/share/,bash-completion/completions $(ZSH_COMPLETIONS) fish/vendor_completions.d)
# systemd's folders are the machine's: a user's installation leaves them alone.
UNITS := $(if $(DESTDIR)$(filter 0,$(shell id -u)),yes)

# An editor finds the schema of an installed plan by its whole path, also of one that was copied to somewhere else.
name_schemas = sed -i '1s|schema=.*/|schema=$(abspath $(PREFIX))/share/tare/schemas/|' $(1)

install: build man ## install below DESTDIR and PREFIX; a user's (PREFIX=~/.local) leaves systemd's folders alone
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/libexec/tare/workloads
	install -m 755 $(B)/tare $(DESTDIR)$(PREFIX)/bin/tare
	install -m 755 $(B)/tare-artefact $(B)/tare-scope $(DESTDIR)$(PREFIX)/libexec/tare
	install -m 755 $(B)/workloads/known-loads $(DESTDIR)$(PREFIX)/libexec/tare/workloads
	install -m 644 $(WORKLOAD_SCRIPTS) $(DESTDIR)$(PREFIX)/libexec/tare/workloads
	$(foreach s,$(SCENARIOS),install -d $(DESTDIR)$(PREFIX)/libexec/tare/workloads/$(s) &&) true
	$(foreach f,$(SCENARIO_FILES),install -m 644 $(f) $(DESTDIR)$(PREFIX)/libexec/tare/$(f:runner/%=%) &&) true
	$(call name_schemas,$(SCENARIOS:%=$(DESTDIR)$(PREFIX)/libexec/tare/workloads/%/scenario.yml))
	$(foreach p,$(NATIVE_PROGRAMS),install -m 755 $(p) $(DESTDIR)$(PREFIX)/libexec/tare/$(p:$(B)/%=%) &&) true
	install -d $(addprefix $(DESTDIR)$(PREFIX)/share/tare/,profiles plans schemas)
	install -m 644 $(PLANS) $(DESTDIR)$(PREFIX)/share/tare/plans
	$(call name_schemas,$(PLANS:runner/%=$(DESTDIR)$(PREFIX)/share/tare/%))
	install -m 644 $(SCHEMAS) $(DESTDIR)$(PREFIX)/share/tare/schemas
	install -d $(MAN)/man1 $(MAN)/man5 $(COMPLETIONS)
	install -m 644 $(B)/man/*.1 $(MAN)/man1
	install -m 644 $(B)/man/*.5 $(MAN)/man5
	install -m 644 $(B)/man/tare.bash $(word 1,$(COMPLETIONS))/tare
	install -m 644 $(B)/man/_tare $(word 2,$(COMPLETIONS))/_tare
	install -m 644 $(B)/man/tare.fish $(word 3,$(COMPLETIONS))/tare.fish
ifneq ($(UNITS),)
	install -d $(DESTDIR)$(SYSTEMD_UNITS)/user@.service.d $(DESTDIR)$(SYSTEMD_USER_UNITS)
	install -m 644 cgroups/systemd/tare.slice cgroups/systemd/tare-cpus@.service $(DESTDIR)$(SYSTEMD_UNITS)
	install -m 644 cgroups/systemd/tare.slice $(DESTDIR)$(SYSTEMD_USER_UNITS)
	install -m 644 cgroups/systemd/user@.service.d/50-tare.conf $(DESTDIR)$(SYSTEMD_UNITS)/user@.service.d
else
	@echo "systemd's units: left alone (they take root; without them a user's slices have what systemd delegates)"
endif
	install -m 644 images/vm/cmdline LICENSE images/versions.lock $(DESTDIR)$(PREFIX)/share/tare
	install -m 644 $(wildcard cgroups/profiles/*.conf) $(DESTDIR)$(PREFIX)/share/tare/profiles

uninstall: ## remove what install installs with the same DESTDIR and PREFIX
	rm -rf $(DESTDIR)$(PREFIX)/bin/tare $(DESTDIR)$(PREFIX)/libexec/tare $(DESTDIR)$(PREFIX)/share/tare
	rm -f $(MAN)/man1/tare.1 $(MAN)/man1/tare-*.1 $(MAN)/man5/tare-*.5
	rm -f $(word 1,$(COMPLETIONS))/tare $(word 2,$(COMPLETIONS))/_tare $(word 3,$(COMPLETIONS))/tare.fish
ifneq ($(UNITS),)
	rm -f $(addprefix $(DESTDIR)$(SYSTEMD_UNITS)/,tare.slice tare-cpus@.service user@.service.d/50-tare.conf) $(DESTDIR)$(SYSTEMD_USER_UNITS)/tare.slice
endif

# Of one commit always the same bytes: git has its files, its times and no others.
DIST = $(B)/dist/tare-$(VERSION).tar.xz
dist: ## the sources of HEAD as a tar, build/dist/tare-VERSION.tar.xz
	@mkdir -p $(B)/dist
	@git -c tar.umask=022 archive --format=tar --prefix=tare-$(VERSION)/ --add-virtual-file=tare-$(VERSION)/.commit:$$(git rev-parse --short=12 HEAD) HEAD \
	  | xz -T1 -6 >$(DIST).part && mv $(DIST).part $(DIST)
	@echo $(abspath $(DIST))

deb: ## Debian packages tare and tare-doc of HEAD for this release, build/deb; lintian has the last word
	@scripts/setup deb
	@scripts/build-deb

clean: ## remove build/
	rm -rf $(B)

help: ## this list
	@awk -F ':.*## ' '/^[a-z_.-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# Copied, as an installation does: what a linker writes bit by bit the page cache holds in small pieces, whose mapping
# took a quarter of a start.
$(B)/tare: $(B)/runner/main.o $(OBJECTS)
	$(Q)$(CC) $(CFLAGS) $(SANITIZE) $(LDFLAGS) $(PROGRAM_LDFLAGS) $(PROGRAM_KIND) -o $@.linked $^ $(PKG_LIBS)
	@cp $@.linked $@.copy && mv $@.copy $@ && rm $@.linked

# What loads libsystemd, where a slice is asked of it.
$(B)/tare-scope: $(B)/cgroups/scope_main.o $(B)/runner/base/text.o
	$(Q)$(CC) $(CFLAGS) $(SANITIZE) $(LDFLAGS) $(PROGRAM_LDFLAGS) -pie -o $@ $^ -lsystemd

$(B)/tare-artefact: $(B)/runner/bundle/artefact_main.o $(ARTEFACT_OBJECTS) $(OBJECTS)
	$(Q)$(CC) $(CFLAGS) $(SANITIZE) $(LDFLAGS) $(PROGRAM_LDFLAGS) -pie -o $@ $^ $(ARTEFACT_LIBS) $(PKG_LIBS)

$(foreach s,$(NATIVE_SCENARIOS),$(eval $(B)/workloads/$(s)/$(s): $(patsubst %.c,$(B)/%.o,$(wildcard runner/workloads/$(s)/*.c))))
$(NATIVE_PROGRAMS): $(WORKLOAD_OBJECTS)
	@$(call folder,$(@D))
	$(Q)$(CC) $(CFLAGS) $(SANITIZE) $(LDFLAGS) -pthread -o $@ $^

# What the selftest weighs: a program of its own, so that nothing of tare is in its memory. Static: the
# share of a C library's pages that is its own changes with every process that comes and goes.
$(B)/workloads/known-loads: $(B)/runner/workloads/known_loads.o
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(or $(SANITIZE),-static) $(LDFLAGS) -o $@ $^

# What tests/live/test_escapes.py runs confined; static, so that a copy that is set-uid needs nothing.
$(B)/escapes: $(B)/tests/live/escapes/escapes.o
	$(Q)$(CC) $(CFLAGS) $(or $(SANITIZE),-static) $(LDFLAGS) -o $@ $^

$(patsubst runner/%,$(B)/%,$(WORKLOAD_SCRIPTS) $(SCENARIO_FILES)): $(B)/%: runner/%
	@$(call folder,$(@D))
	@ln -sfn $(CURDIR)/$< $@

# What `tare doctor` compares the running kernel with; what `tare pack` puts into a bundle.
$(B)/share/cmdline: images/vm/cmdline
$(B)/share/LICENSE: LICENSE
$(B)/share/versions.lock: images/versions.lock
$(SHARED:%=$(B)/share/%):
	@mkdir -p $(@D)
	@ln -sfn $(CURDIR)/$< $@

$(B)/plans/%.yml: runner/plans/%.yml
	@mkdir -p $(@D)
	@ln -sfn $(CURDIR)/$< $@

# The commit is compiled into these objects: they are made anew when it changes.
$(B)/commit: FORCE
	@mkdir -p $(@D)
	@echo '$(COMMIT)' | cmp -s - $@ || echo '$(COMMIT)' > $@
FORCE:
COMMITTED := $(addprefix $(B)/runner/,main.o bundle/pack.o bundle/reproduce_show.o bundle/attest.o bundle/pool_show.o base/json_put.o host/last_selftest.o)
$(COMMITTED): EXTRA = -DTARE_COMMIT='"$(COMMIT)"'
$(COMMITTED): $(B)/commit

$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(Q)$(COMPILE) $(EXTRA) $(PKG_CFLAGS) -c -o $@ $<

# The system call filters are compiled here, once: libseccomp is in no program that runs.
$(B)/compile-filters: $(B)/runner/launch/compile_filters.o $(B)/runner/launch/allowance.o $(B)/runner/base/text.o
	$(Q)$(CC) $(CFLAGS) $(SANITIZE) $(LDFLAGS) -o $@ $^ -lseccomp
$(B)/filters.c: $(B)/compile-filters
	$(Q)$(EMULATOR) $< > $@
$(B)/filters.o: $(B)/filters.c
	$(Q)$(COMPILE) -c -o $@ $<

$(B)/compile-manual: $(B)/runner/compile_manual.o $(OBJECTS)
	$(Q)$(CC) $(CFLAGS) $(SANITIZE) $(LDFLAGS) -o $@ $^ $(PKG_LIBS)
MANUAL_DATE = $(shell date -u -d "@$${SOURCE_DATE_EPOCH:-$$(git log -1 --format=%ct 2>/dev/null || date +%s)}" +%F)
# Those that have no page of their own.
PRINTED := $(filter-out $(patsubst %.5,%.schema.json,$(wildcard runner/*/*.5)),$(SCHEMAS))
$(B)/man/tare.1: $(B)/compile-manual $(wildcard runner/*/*.5) $(PRINTED)
	$(Q)mkdir -p $(B)/man && $(EMULATOR) $< $(B)/man $(VERSION) $(MANUAL_DATE) $(PRINTED)
	@for page in runner/*/*.5; do sed 's/@DATE@/$(MANUAL_DATE)/; s/@VERSION@/$(VERSION)/' $$page >$(B)/man/$${page##*/} || exit; done

# What .incbin takes in is not in the dependencies that the compiler writes.
$(B)/runner/report/page_assets.o: runner/report/page.css runner/report/page.js
$(B)/runner/bundle/documents.o: runner/bundle/README.in runner/bundle/CITATION.in

unit-tests: $(UNIT_TESTS) $(B)/tests/workloads
# A test program finds the scenarios as tare does: beside itself.
$(B)/tests/workloads: $(patsubst runner/%,$(B)/%,$(WORKLOAD_SCRIPTS) $(SCENARIO_FILES))
	@mkdir -p $(@D)
	@ln -sfn ../workloads $@
$(foreach t,$(UNIT_SOURCES),$(eval $(B)/tests/$(basename $(notdir $t)): $(B)/$(t:.c=.o)))
$(UNIT_TESTS): $(UNIT_HELPERS) $(OBJECTS)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(SANITIZE) $(LDFLAGS) -o $@ $^ -lcmocka $(EXTRA_LIBS) $(PKG_LIBS)
# The simulations of the rules: the objects that ship, claims with them.
$(B)/tests/calibrate/calibrate: $(B)/tests/calibrate/calibrate.o $(ARTEFACT_OBJECTS) $(OBJECTS)
	$(Q)$(CC) $(CFLAGS) $(SANITIZE) $(LDFLAGS) -o $@ $^ $(ARTEFACT_LIBS) $(PKG_LIBS)
# What reads bundles is not in OBJECTS either.
ARTEFACT_TESTS := $(addprefix $(B)/tests/test_,filelist minisig claims hostdiff pool_judge push oci_image fuzz_corpus calibrate)
$(ARTEFACT_TESTS): $(ARTEFACT_OBJECTS)
$(ARTEFACT_TESTS): EXTRA_LIBS = $(ARTEFACT_LIBS)
$(B)/tests/test_fuzz_corpus: $(B)/tests/fuzz/targets.o

# What ThreadSanitizer has to look at.
with-threads: $(B)/tests/test_sample $(NATIVE_PROGRAMS)

# --- faults: a build of its own, which can be ended at each stage and says where its behaviour is undefined
FAULTS ?=
faults: ## harm the runner in every way that a host can, and look at what is left; FAULTS=PATTERN: those of that name
	@scripts/setup test faults
	@$(MAKE) --no-print-directory faults-build
	@python3 tests/faults/faults.py $(FAULTS)
faults-build:
	@$(MAKE) --no-print-directory B=build/faults CFLAGS='-O2 -g -DTARE_FAIL_POINTS' SANITIZE='-fsanitize=undefined -fno-sanitize-recover=all' build

# --- coverage: of unit tests, those that are live on this host and those of bundles. Workloads write no counts: they may write nowhere.
coverage: ## which lines the unit, live and bundle tests reach; fails below 85%. build/coverage/index.html has them
	@scripts/setup test coverage
	@$(MAKE) --no-print-directory build coverage-build
	@scripts/coverage
COVERAGE_MAKE = $(MAKE) --no-print-directory B=build/coverage CFLAGS='-O1 -g --coverage -fprofile-update=atomic -Wno-format-truncation' CCACHE=
coverage-build:
	@mkdir -p build/coverage && for part in share plans workloads; do ln -sfn ../$$part build/coverage/$$part; done
	@ln -sfn ../scripts build/scripts # which a program looks for above its folder
	@$(COVERAGE_MAKE) build/coverage/tare build/coverage/tare-artefact build/coverage/tare-scope unit-tests

# --- fuzzing: clang's libFuzzer on what reads the hostile
FUZZ_SECONDS ?= 600
FUZZ_TARGETS := bundle record yaml plan scenario profile journal minisign layout lock reproduction machine kept ledger
fuzz: ## fuzz what reads the files of others, FUZZ_SECONDS each, FUZZ_TARGETS=NAME: this alone; the corpus grows in build/fuzz
	@scripts/setup fuzz
	@$(MAKE) --no-print-directory fuzz-build
	@scripts/fuzz $(FUZZ_SECONDS) $(FUZZ_TARGETS)
fuzz-build:
	@$(MAKE) --no-print-directory B=build/fuzz CC=clang SANITIZE='-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all' fuzzers
fuzzers: $(FUZZ_TARGETS:%=$(B)/fuzz_%) $(patsubst runner/%,$(B)/%,$(WORKLOAD_SCRIPTS) $(SCENARIO_FILES))
$(FUZZ_TARGETS:%=$(B)/fuzz_%): $(B)/fuzz_%: tests/fuzz/targets.c $(ARTEFACT_OBJECTS) $(OBJECTS)
	$(Q)$(COMPILE) $(PKG_CFLAGS) -DFUZZ_TARGET=fuzz_$* -fsanitize=fuzzer $(LDFLAGS) -o $@ $(filter %.c %.o,$^) $(ARTEFACT_LIBS) $(PKG_LIBS)
# What workloads have in common is not in OBJECTS.
$(B)/tests/test_splitmix: $(B)/runner/workloads/table.o
$(B)/tests/unit/fixture.o: EXTRA = -DTESTS_DIR='"$(CURDIR)/tests"'

-include $(shell find $(B) -name '*.d' 2>/dev/null)
.SECONDARY:
