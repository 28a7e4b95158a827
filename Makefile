.POSIX:
.PHONY: run test check bench install install-dev clean

run: install
	@exec .venv/bin/python manage.py up $(ARGS)

test: install-dev
	@.venv/bin/python .ci/tests.py $(ARGS)

check: install-dev
	@.venv/bin/python .ci/check.py

bench: install-dev
	@.venv/bin/python -m benchmarks $(ARGS)

install:
	@sh .ci/install requirements.lock

install-dev:
	@sh .ci/install requirements-dev.lock

# The environment and what tools leave behind; never the data under var/.
clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
