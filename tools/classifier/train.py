#!/usr/bin/env python3
"""Fits the weights of the code-request classifier and says how good it is.

Usage: train.py PROMPTS.jsonl...   (run by `make classifier`; needs numpy)

The features come from the classifier itself (the executable classifier-features), so nothing of them is written
twice. A file is a JSON object a line: {"text", "label"} or {"messages", "label"}, label "code" or "general". The first
file is the one that accuracy is reported for; more files only add to the training, those whose name contains
"realistic" with the weight of the first. A file whose name contains "heldout" is never trained on.

Writes Sources/TandemText/Classifier/ClassifierWeights.swift and docs/classifier.md.
"""
import json
import os
import pathlib
import subprocess
import sys

# Matrices this small are slower on more threads.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
import numpy as np  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
WEIGHTS = ROOT / "Sources/TandemText/Classifier/ClassifierWeights.swift"
REPORT = ROOT / "docs/classifier.md"
# Strengths of the L2 penalty the inner loop chooses from.
PENALTIES = [1.0, 3.0, 10.0]
# How often a prompt counts that people wrote, or that is made up in their manner; the others are short drills.
REAL_WEIGHT = 3.0
FOLDS, REPEATS, INNER_FOLDS, SEED = 10, 10, 4, 20260101


def read(path):
    """The header, the feature matrix and the labels of one file."""
    tool = subprocess.run(
        ["swift", "run", "-q", "classifier-features"], stdin=open(path, "rb"), capture_output=True, cwd=ROOT)
    if tool.returncode:
        sys.exit(tool.stderr.decode())
    header, *rows = map(json.loads, tool.stdout.splitlines())
    return header, np.array([r["features"] for r in rows]), np.array([r["label"] == "code" for r in rows], float)


def fit(real, extra, signs, penalty, steps=400):
    """Logistic regression with an L2 penalty and the sign of each weight bounded: accelerated projected gradient.

    Other prompts than the real ones come as features, labels and how often each counts.

    The bias is the first column and free of the penalty."""
    x, y = np.vstack([real[0], extra[0]]), np.concatenate([real[1], extra[1]])
    counts = np.concatenate([np.full(len(real[1]), REAL_WEIGHT), extra[2]])
    low = np.where(signs > 0, 0.0, -np.inf)
    high = np.where(signs < 0, 0.0, np.inf)
    free = np.ones(x.shape[1])
    free[0] = 0.0
    step = 1.0 / (0.25 * np.linalg.norm(x * np.sqrt(counts)[:, None], 2) ** 2 + penalty)
    weights = point = np.zeros(x.shape[1])
    momentum = 1.0
    for _ in range(steps):
        gradient = x.T @ (counts * (1 / (1 + np.exp(-(x @ point))) - y)) + penalty * free * point
        following = np.clip(point - step * gradient, low, high)
        momentum_next = (1 + (1 + 4 * momentum**2) ** 0.5) / 2
        point = following + (momentum - 1) / momentum_next * (following - weights)
        weights, momentum = following, momentum_next
    return weights


def folds(y, count, generator):
    """The fold of each row, stratified by label."""
    fold = np.empty(len(y), int)
    for label in (0, 1):
        rows = generator.permutation(np.flatnonzero(y == label))
        fold[rows] = np.arange(len(rows)) % count
    return fold


def choose(x, y, extra, signs, generator):
    """The penalty with the best log-likelihood on inner folds."""
    fold = folds(y, INNER_FOLDS, generator)
    scores = []
    for penalty in PENALTIES:
        score = 0.0
        for index in range(INNER_FOLDS):
            train = fold != index
            weights = fit((x[train], y[train]), extra, signs, penalty, 150)
            odds = x[~train] @ weights
            score += np.sum(np.where(y[~train] > 0, -np.logaddexp(0, -odds), -np.logaddexp(0, odds)))
        scores.append(score)
    return PENALTIES[int(np.argmax(scores))]


def quality(y, predicted):
    hits = np.sum(predicted & (y > 0))
    return np.mean(predicted == (y > 0)), hits / max(1, predicted.sum()), hits / max(1, (y > 0).sum())


def cross_validate(x, y, extra, signs):
    """Accuracy, precision, recall of each repeat, and how often each row was misjudged."""
    generator = np.random.default_rng(SEED)
    results, wrong = [], np.zeros(len(y), int)
    for _ in range(REPEATS):
        fold = folds(y, FOLDS, generator)
        predicted = np.zeros(len(y), bool)
        for index in range(FOLDS):
            train = fold != index
            penalty = choose(x[train], y[train], extra, signs, generator)
            weights = fit((x[train], y[train]), extra, signs, penalty)
            predicted[~train] = x[~train] @ weights >= 0
        results.append(quality(y, predicted))
        wrong += predicted != (y > 0)
    return np.array(results), wrong


def write_weights(header, weights):
    cases = "\n".join(f"        .{h['name']}: {w:.3f}," for h, w in zip(header, weights) if w)
    WEIGHTS.write_text(f"""// Written by `make classifier`; do not edit.

enum ClassifierWeights {{
    /// Log-odds for code of each unit of a feature; a feature that is not here decides nothing.
    static let fitted: [CodeFeature: Double] = [
{cases}
    ]
}}
""")


def percent(value):
    return f"{100 * value:.1f}%"


def main():
    paths = [pathlib.Path(p) for p in sys.argv[1:]]
    if not paths:
        sys.exit(__doc__)
    header, x, y = read(paths[0])
    signs = np.array([h["sign"] for h in header])
    extra = [np.zeros((0, len(header))), np.zeros(0), np.zeros(0)]
    heldout = []
    for path in paths[1:]:
        _, more_x, more_y = read(path)
        if "heldout" in path.name:
            heldout.append((path.name, more_x, more_y))
        else:
            counts = np.full(len(more_y), REAL_WEIGHT if "realistic" in path.name else 1.0)
            extra = [np.concatenate(pair) for pair in zip(extra, (more_x, more_y, counts))]

    results, wrong = cross_validate(x, y, extra, signs)
    alone, _ = cross_validate(x, y, [part[:0] for part in extra], signs)
    penalty = choose(x, y, extra, signs, np.random.default_rng(SEED))
    weights = np.round(fit((x, y), extra, signs, penalty, 4000), 3)
    weights[np.abs(weights) < 0.005] = 0
    write_weights(header, weights)

    rows = []

    def row(name, figures):
        rows.append(f"| {name} | " + " | ".join(figures) + " |")

    def spread(figures):
        return [f"{percent(m)} ± {100 * s:.1f}" for m, s in zip(figures.mean(axis=0), figures.std(axis=0))]

    row(f"{len(y)} labelled prompts, {FOLDS}-fold, {REPEATS} repeats, nested", spread(results))
    row("the same, trained on these prompts alone", spread(alone))
    for name, hx, hy in heldout:
        row(f"{name}, {len(hy)} prompts, never trained on", map(percent, quality(hy, hx @ weights >= 0)))
    table = "\n".join(rows)
    strongest = sorted(zip(header, weights), key=lambda p: -abs(p[1]))
    listing = "\n".join(f"| {h['words']} | {w:+.2f} |" for h, w in strongest if w and h["name"] != "bias")
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(f"""# The code-request classifier

Written by `make classifier PROMPTS=…`; the last part of this page and `ClassifierWeights.swift` follow from it.

`route` asks of the last user turn, with the conversation as context: is this a request for code? The answer comes from
a logistic regression over {len(header) - 1} features that are designed by hand (`CodeFeature.swift`): what has the form
of code, which technologies are named, what is asked for, what else the talk is about. The vocabulary
(`LexiconTerms.swift` and its neighbours) is knowledge of the field, so it holds for prompts nobody has seen; only the
weights are fitted, with an L2 penalty (here {penalty:g}) and bounded signs: what is evidence for code by its nature
never counts against it. Features are computed by the classifier itself, for training as well, so the two cannot differ.

"Code" means that the answer must produce, change, fix, review, translate or explain program code, scripts, queries,
regular expressions, commands, configuration or markup, or that the prompt shows code or a stack trace and asks about it.

## How good it is

The penalty is chosen on inner folds of the training part only; prompts that people wrote, and those made up in their
manner (`prompts-realistic.jsonl`), count three times in the training, short drills (`prompts-train.jsonl`) once. The
features and the vocabulary were designed by hand with the labelled prompts in view, which cross-validation cannot take
out. Of the held-out files, none of which is trained on, `prompts-heldout.jsonl` was watched while features, vocabulary
and weighting were chosen. The others were each written before their score was looked at, harder than the average prompt
on purpose: the second before the vocabulary was last widened, the third after most of that, the fourth after all of it;
of their errors only the kind was looked at, not the wording. `prompts-heldout-4.jsonl` is the least biased estimate:
all it decided is that nothing was changed any more.

| prompts | accuracy | precision | recall |
|---|---|---|---|
{table}

## What it goes by

Log-odds a unit; a feature's value is 0 to 2. `route` shows those that decided.

| feature | weight |
|---|---|
{listing}
""")
    print(table)
    print("always wrong:", " ".join(map(str, np.flatnonzero(wrong > REPEATS // 2))))
    for name, hx, hy in heldout:
        print(name, "wrong:", " ".join(map(str, np.flatnonzero((hx @ weights >= 0) != (hy > 0)))))


main()
