# The prompts the classifier is trained on and judged by: JSON lines with "text" and "label".
PROMPTS ?= prompts.jsonl

.PHONY: classifier
# Fits the code-request classifier's weights and writes docs/classifier.md.
classifier: .venv/numpy
	.venv/bin/python tools/classifier/train.py $(PROMPTS) tools/classifier/prompts-train.jsonl tools/classifier/prompts-heldout.jsonl

.venv/numpy:
	python3 -m venv .venv
	.venv/bin/pip install --quiet numpy
	touch $@

.PHONY: test-editors
test-editors: ## the snippets of clients/ in Neovim, Vim and Emacs, against the daemon's offline model
	swift build --product tandemd
	swift build --product tandem
	Tests/editors/run .build/debug
