# For GNU make 3.81 (what macOS ships) or newer. What each target does: make help.

BIN := .venv/bin

# Three processes for two cores, as tests of the page and of processes wait a third of their time; each file in
# one of them, which makes its fixtures once. In the order of the names: files with few tests, which come last
# otherwise, are those whose tests take longest, and one core would wait for the others.
PYTEST := sh scripts/in_memory.sh $(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder

# One file for Python 3.11 to 3.14 and all systems; no address of an index is in it.
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
  --no-emit-index-url --no-emit-find-links --overrides requirements/without-torch.txt --no-emit-package torch pyproject.toml

# Some shells and containers forbid bytecode: each of the many processes of the tests would then compile all that
# it imports.
unexport PYTHONDONTWRITEBYTECODE

# HOST is not taken from the environment: some shells and conda export it as the machine's own name.
HOST := 127.0.0.1
PORT ?= 7860

# Where benchmarks keep their libraries; the suite whose texts they are made of and whose questions are asked;
# and how many passages they have (a million takes 4 GB and a quarter of an hour to make).
BENCH := .bench
BENCH_SUITE := tests/suites/news
BENCH_SIZES := 1000 10000 100000

# Suites to evaluate; a folder of another system's answers to them, SUITE.jsonl, to compare with; where the
# reports go; and what else is to be said, such as --limit 250.
SUITES := tests/suites/nk_brief tests/suites/nk_brief_heldout tests/suites/news
BASELINES :=
REPORTS := reports
OPTIONS :=

# To fit the confidence: a folder outside the checkout, for suites and their answers; the folders of the public sets and
# of the development suites; the ids of SQuAD's questions for validation; and which suites the present reader was
# trained on, so that nothing can be fitted on them.
FIT :=
PUBLIC :=
EVALDATA :=
SQUAD_IDS :=
TRAINED_ON := squad_du_answerable squad_unansq_pairs squadshifts_wiki
# Of these, small libraries are made too.
SMALL := briefs_near_miss clapnq_dev squad2_validation condaqa medquad evidence_inference tatqa_text timeqa fairytaleqa \
  qadiscourse_wikinews squadshifts_reddit

.DEFAULT_GOAL := help
.PHONY: help install chat test test-fast test-day lint lock sbom release docs bench evaluate confidence format clean

help: ## what there is to type
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' Makefile | awk -F '|' '{ printf "%-18s %s\n", $$1, $$2 }'

install: .venv/.installed ## an environment in .venv with Pullquote in it

# The trap keeps make from calling Ctrl-C, the way to end the chat, an error.
chat: .venv/.installed ## install, index seeds/ into .pullquote/ and open the chat (HOST=, PORT=)
	@trap : INT; \
	export PULLQUOTE_LIBRARY="$${PULLQUOTE_LIBRARY:-.pullquote}"; \
	"$(BIN)/python" -m qa index seeds && "$(BIN)/python" -m qa chat --host "$(HOST)" --port "$(PORT)" || test $$? -eq 130

test: lint ## lint, types, contracts, and all tests that are not for test-day, in a real browser too
	@sh scripts/programs.sh
	$(PYTEST) -m "not day"

test-fast: .venv/.tests ## the tests that take no time: no models, browser or installation
	$(PYTEST) --hypothesis-profile fast -m "not day and not slow and not models and not browser and not install"

test-day: .venv/.tests ## the tests that take long: suites, benchmarks, installation, servers, kills, hostile requests
	@sh scripts/programs.sh
	$(PYTEST) -m day

lint: .venv/.tests ## style, types, lengths of functions, who may import whom, sentences that readers read twice
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python scripts/long_functions.py
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python scripts/plain_english.py qa=4.5 embeddings=4.5 ui.py=4.5 training=4.5 benchmarks=4.5 scripts=4.5 docs=6 README.md=6 CHANGELOG.md=6 CONTRIBUTING.md=6

lock: .venv/.tests ## the newest versions that pyproject.toml allows, with their hashes, into requirements/
	$(LOCK) --extra report --group build --upgrade --output-file requirements/install.txt
	$(LOCK) --extra report --extra cluster --group build --group dev --constraints requirements/install.txt \
	  --upgrade --output-file requirements/tests.txt

sbom: .venv/.tests ## what is installed, as a bill of materials by CycloneDX, in sbom.json
	$(BIN)/uv tool run --from 'cyclonedx-bom>=7,<8' cyclonedx-py environment --pyproject pyproject.toml \
	  --output-reproducible --output-file sbom.json $(BIN)/python

release: .venv/.tests ## wheel, source archive and bill of materials in dist/, each installed and tried; nothing is published
	@sh scripts/release.sh

docs: .venv/.tests ## write docs/cli.md from --help and docs/modules.md from docstrings
	$(BIN)/python scripts/cli_docs.py
	$(BIN)/python scripts/module_index.py

bench: .venv/.tests ## what docs and README say of speed, measured here (BENCH=, BENCH_SUITE=, BENCH_SIZES=)
	$(BIN)/python -m benchmarks.cold
	$(BIN)/python -m benchmarks.chat
	$(BIN)/python -m benchmarks.reading $(BENCH_SUITE)
	$(BIN)/python -m benchmarks.ingest $(BENCH_SUITE)
	$(BIN)/python -m benchmarks.scale --folder "$(BENCH)" $(BENCH_SUITE) --asked $(BENCH_SUITE) \
	  --passages $(BENCH_SIZES) --json "$(BENCH)/scale.json"
	$(BIN)/python -m benchmarks.answer "$(BENCH)" $(BENCH_SUITE) --passages $(BENCH_SIZES) --json "$(BENCH)/answer.json"
	$(BIN)/python -m benchmarks.peers --suite $(BENCH_SUITE)
	$(BIN)/python -m benchmarks.parts

evaluate: .venv/.installed ## a report on each suite, in reports/ (SUITES="FOLDER ...", BASELINES=)
	@for suite in $(SUITES); do \
	  name=$$(basename "$$suite"); baseline="$(BASELINES)/$$name.jsonl"; \
	  if test -z "$(BASELINES)"; then baseline=; \
	  elif ! test -f "$$baseline"; then echo "no baseline: $$baseline" >&2; baseline=; fi; \
	  "$(BIN)/python" -m qa evaluate "$$suite" --report "$(REPORTS)/$$name.html" \
	    $(OPTIONS) $${baseline:+--baseline "$$baseline"} || exit; \
	done

confidence: .venv/.tests ## ask all suites and fit the confidence anew, for another reader (FIT=, PUBLIC=, EVALDATA=, SQUAD_IDS=)
	@test -n "$(FIT)" && test -d "$(PUBLIC)" && test -d "$(EVALDATA)" && test -f "$(SQUAD_IDS)" || { \
	  echo "say where the question sets are, and where answers may be kept: make confidence FIT=FOLDER PUBLIC=FOLDER" \
	    "EVALDATA=FOLDER SQUAD_IDS=FILE" >&2; exit 2; }
	$(BIN)/python -m training.corpora "$(PUBLIC)" "$(FIT)/suites" "$(EVALDATA)/squad2_half_dev=$(SQUAD_IDS)"
	@suites="tests/suites/nk_brief"; \
	for suite in clapnq_dev mtrag_un briefs_near_miss briefs_dialogue; do suites="$$suites $(EVALDATA)/$$suite"; done; \
	for suite in "$(FIT)"/suites/*; do \
	  case " $(TRAINED_ON) " in *" $$(basename "$$suite") "*) ;; *) suites="$$suites $$suite";; esac; done; \
	"$(BIN)/python" -m training.small_libraries "$(FIT)/small" $$(for suite in $$suites; do \
	  case " $(SMALL) " in *" $$(basename "$$suite") "*) echo "$$suite";; esac; done) || exit; \
	suites="$$suites $$(echo "$(FIT)"/small/*)"; \
	unseen="tests/suites/nk_brief_heldout tests/suites/news"; \
	for suite in $$suites $$unseen; do \
	  "$(BIN)/python" -m qa evaluate "$$suite" --out "$(FIT)/answers/$$(basename "$$suite").jsonl" $(OPTIONS) || exit; \
	done; \
	OMP_NUM_THREADS=1 "$(BIN)/python" -m training.confidence "$(FIT)/answers" $$suites --unseen $$unseen

format: .venv/.tests ## put the code into the house style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean: ## remove the environment and what tools left; the library in .pullquote/ stays
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/.installed: pyproject.toml scripts/install.sh requirements/install.txt
	@sh scripts/install.sh .venv requirements/install.txt
	@touch $@

.venv/.tests: .venv/.installed requirements/tests.txt
	@sh scripts/install.sh .venv requirements/tests.txt
	@touch $@
