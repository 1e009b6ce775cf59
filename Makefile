# Waypost. `make help` lists what there is.
.DEFAULT_GOAL := help
SHELL := /bin/bash
UV := $(shell uv --version >/dev/null 2>&1 && echo uv || echo .tools/bin/uv)
PY := .venv/bin/python
export PATH := $(CURDIR)/.venv/bin:$(PATH)
export PYTHONPATH := $(CURDIR)
export RASA_TELEMETRY_ENABLED := false
export TF_CPP_MIN_LOG_LEVEL := 3
export SQLALCHEMY_SILENCE_UBER_WARNING := 1
export MPLCONFIGDIR := $(CURDIR)/var/matplotlib

.PHONY: help
help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

# uv where it is installed, else one of our own in .tools made with Python 3.10.
.tools/bin/uv:
	@command -v python3.10 >/dev/null || { echo "Install uv, or Python 3.10, and run this again."; exit 1; }
	@echo "Fetching uv ..."
	@python3.10 -m venv .tools && .tools/bin/pip install --quiet --disable-pip-version-check uv

.venv/.installed: pyproject.toml uv.lock .python-version
	@$(UV) --version >/dev/null 2>&1 || $(MAKE) --no-print-directory .tools/bin/uv
	@echo "Installing the locked packages (3 GB at the first time) ..."
	@$(UV) sync --frozen --quiet --python 3.10
	@touch $@

.PHONY: install
install: .venv/.installed ## the environment in .venv

.PHONY: run
run: install ## prepare everything and serve: chat on :5005, staff's directory on :8000
	@WAYPOST_DEMO=$${WAYPOST_DEMO:-1} exec $(PY) -m bot.run

.PHONY: prepare
prepare: install ## everything that `run` prepares, without serving
	@WAYPOST_DEMO=$${WAYPOST_DEMO:-1} $(PY) -m bot.run --prepare

.PHONY: test
test: install ## all tests, as CI runs them
	@$(MAKE) --no-print-directory check
	@WAYPOST_DEMO=1 $(PY) -m bot.run --prepare
	@echo "Four runs beside each other, of about equal length: the others are shown after the first (var/test-*.log)."
	@export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1; \
		$(PY) -m pytest tests/e2e > var/test-e2e.log 2>&1 & e2e=$$!; \
		$(PY) -m pytest -p no:cacheprovider --nomigrations tests/directory $(addprefix --ignore ,$(WALKS)) > var/test-directory.log 2>&1 & directory=$$!; \
		($(PY) -m pytest -p no:cacheprovider --nomigrations $(WALKS); walks=$$?; \
			$(PY) -m tests.postgres pytest $(ON_POSTGRES); [ $$? = 0 ] && [ $$walks = 0 ]) > var/test-walks.log 2>&1 & walks=$$!; \
		trap "kill $$e2e $$directory $$walks 2>/dev/null" EXIT; \
		$(PY) -m pytest --ignore tests/e2e --ignore tests/directory; rest=$$?; \
		wait $$directory; directory=$$?; echo "== directory"; cat var/test-directory.log; \
		wait $$e2e; e2e=$$?; echo "== end to end"; cat var/test-e2e.log; \
		wait $$walks; walks=$$?; echo "== every address as every role, then PostgreSQL"; cat var/test-walks.log; \
		[ $$rest = 0 ] && [ $$directory = 0 ] && [ $$e2e = 0 ] && [ $$walks = 0 ]

# The directory's tests that ask for every address as every role.
WALKS := $(addprefix tests/directory/test_,access.py intrusion.py sentinel.py urls.py)

# In `make test` the files whose queries differ most between the databases; `make test-postgres` runs them all.
ON_POSTGRES := -p no:cacheprovider --nomigrations tests/mailbox/test_outgoing.py \
	$(addprefix tests/directory/test_,models.py bundles.py search.py reports.py)
.PHONY: test-postgres
test-postgres: install ## all tests of the databases on PostgreSQL: a throw-away one, or the one that WAYPOST_TEST_POSTGRES names
	@$(PY) -m tests.postgres pytest -p no:cacheprovider --nomigrations tests/directory tests/mailbox/test_outgoing.py

.PHONY: check
check: install ## format, lint, types, import contracts, catalogues: seconds
	@ruff format --check --quiet . || { echo "run: make format"; exit 1; }
	@ruff check --quiet .
	@mypy
	@lint-imports --no-logo 2>&1 | tail -n 12; exit $${PIPESTATUS[0]}
	@$(PY) -m bot.replies.locales check
	@$(PY) manage.py updatestaffmessages --check

.PHONY: format
format: install ## format the code
	@ruff format --quiet . && ruff check --quiet --fix .

.PHONY: train
train: install ## train the language model
	@$(PY) -m bot.run --prepare model

.PHONY: evaluate
evaluate: train ## accuracy on the test sentences, beside DIET and others (EPOCHS=100): docs/evaluation.md
	@$(PY) -m bot.nlu.evaluate --peers --epochs $(or $(EPOCHS),100)

.PHONY: chat
chat: install ## talk to the running bot in this terminal
	@$(PY) -m bot.chat

.PHONY: channel-check
channel-check: install ## what works and what is missing, for each channel that is set up
	@$(PY) -m bot.channel_check

.PHONY: readiness
readiness: install ## what is missing before going live; exit 0 go, 1 no-go, 2 could not check: make readiness [FORMAT=json] [ASK=1]
	@$(PY) -m bot.readiness --format $(or $(FORMAT),text) $(if $(ASK),--ask)

.PHONY: audit
audit: install ## known weaknesses: dependencies (asks the internet), our code, the directory's settings; docs/dependencies.md
	@UV=$(UV) $(PY) -m tests.audit

.PHONY: safety
safety: install ## each promise of docs/safety.md, its tests and their results: make safety [IDS="S17 P"]
	@$(PY) -m tests.safety.requirements $(IDS)

.PHONY: safety-page
safety-page: install ## write the table of docs/safety.md
	@$(PY) -m tests.safety.requirements --page

.PHONY: fuzz
fuzz: install ## random input for everything that reads what strangers send; docs/fuzzing.md: make fuzz [MINUTES=60] [ONLY=target]
	@test -d var/fuzz/atheris || $(UV) pip install --quiet --python $(PY) --no-deps --only-binary :all: --target var/fuzz/atheris -r tests/fuzz/requirements.txt
	@$(PY) -m tests.fuzz.run --minutes $(or $(MINUTES),60) $(if $(ONLY),--only "$(ONLY)")

.PHONY: whatsapp-templates
whatsapp-templates: install ## make the Content templates for buttons on WhatsApp, once
	@$(PY) -m bot.channels.whatsapp.templates

.PHONY: publish
publish: install ## publish the directory to the bot
	@$(PY) manage.py publish

.PHONY: backup
backup: install ## one archive of the directory, while it runs (docs/backup.md): make backup [FILE=..] [ENCRYPT=1]
	@$(PY) manage.py backup $(if $(FILE),"$(FILE)") $(if $(ENCRYPT),--encrypt) $(if $(WITH_KEYS),--with-keys)

.PHONY: restore
restore: install ## bring a backup back: make restore FILE=.. [REPLACE=1]
	@$(PY) manage.py restore "$(FILE)" $(if $(REPLACE),--replace)

.PHONY: locales
locales: install ## update the catalogues from the code
	@$(PY) -m bot.replies.locales update
	@$(PY) manage.py updatestaffmessages

.PHONY: language
language: install ## add a language: make language CODE=sq
	@$(PY) -m bot.add_language "$(CODE)" $(if $(NAME),--name "$(NAME)") $(if $(ENGLISH),--english "$(ENGLISH)") \
		$(if $(LOCALE),--locale "$(LOCALE)") $(if $(SCRIPT),--script "$(SCRIPT)")

.PHONY: language-check
language-check: install ## what a language lacks: make language-check CODE=sq
	@$(PY) -m bot.add_language --check "$(CODE)"

.PHONY: locales-status
locales-status: install ## texts by language and state: draft, reviewed, approved
	@$(PY) -m bot.replies.reviews status

.PHONY: translate-preview
translate-preview: install ## every message of a language as a page to look at: make translate-preview LANG=ti
	@$(PY) -m bot.replies.preview "$(LANG)"

.PHONY: benchmark
benchmark: prepare ## the figures of the docs
	@for file in benchmarks/*.py; do echo "== $$file"; $(PY) $$file || exit 1; done

.PHONY: clean
clean: ## remove what was built (not the environment)
	@rm -rf var models .rasa
