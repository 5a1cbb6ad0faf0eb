"""Teach the trained model which words it needs to look at closely, and write it as it runs.

Most words are no names, and after three of six layers that shows. A small network beside them, the
glance, learns to tell from what the third layer makes of a piece whether the whole model would say
anything of it; the last three layers then learn to do with those pieces alone what they did with
all. The teacher is the model itself, so texts need no annotations. The first three layers stay as
they are.

By hand, as `python -m proxy.detect.models.training.glance`; README.md says how.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, count, islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import onnx
import onnxruntime
import torch
from torch import Tensor, nn

from proxy.detect.models import graph
from proxy.detect.models.convert import HERE
from proxy.detect.models.graph import GLANCING
from proxy.detect.models.training import corpora
from proxy.detect.models.training.generated import LOCALES, Writer
from proxy.detect.models.training.labels import Marked
from proxy.detect.models.training.network import WIDTH, Network, trained
from proxy.detect.models.training.train import SEED, TREEBANKS, Row, sequences
from proxy.detect.names.wordpiece import WordPiece

#: From here on the model says something of a piece; from there on the rest of Privet listens.
_SAID, _HEARD = 0.05, 0.25
_BATCH_PIECES = 3_000
_TREEBANK_SENTENCES = 1_000
_CLINICAL = 160
_OWN = 1_500
#: Where this project's own code and prose stands, what is read of it, and at what length.
_FOLDERS = ("proxy", "audit", "deploy", "policies")
_KINDS = (".py", ".md", ".yaml", ".toml")
_LENGTHS = (60, 300, 300, 600)


class Read(NamedTuple):
    """A sequence as the whole model reads it.

    Attributes:
        hidden: what its first layers make of each piece.
        likely: each piece's classes, as probabilities.
    """

    hidden: Any
    likely: Any


def glance() -> nn.Sequential:
    """Return the network that says, above 0, which pieces to go on with."""
    return nn.Sequential(nn.Linear(WIDTH, 48), nn.ReLU(), nn.Linear(48, 1))


def texts(shared: Path, mirror: Path, draw: random.Random) -> list[Marked]:
    """Return texts to read, without their marks: those of `train`, more of some, and our own."""
    ewt = mirror / "UniversalDependencies+UD_English-EWT/repo"
    found = [*corpora.treebank(ewt, corpora.ewt_files(ewt))]
    for name in TREEBANKS:
        bank = mirror / f"UniversalDependencies+UD_{name}/repo"
        sentences = corpora.treebank(bank, corpora.treebank_files(bank))
        found += islice(sentences, _TREEBANK_SENTENCES)
    for people in (
        corpora.tweets(mirror / "GateNLP+broad_twitter_corpus/repo"),
        corpora.gum(mirror / "amir-zeldes+gum/repo"),
        corpora.annotated(shared / "wnut17_train.jsonl"),
        corpora.annotated(shared / "wikigold_en.jsonl"),
        corpora.annotated(shared / "uner_pt_bosque-ud-dev.jsonl"),
    ):
        found += people
    for number, language in enumerate(LOCALES, start=100):
        found += Writer(language, SEED + number).texts(2_000 if language == "en" else 500)
    clinical = corpora.annotated(shared / "meddocan_es_train.jsonl", corpora.for_training)
    for one in islice(clinical, _CLINICAL):
        found += _stretches(one.text, draw)
    root = HERE.parents[2]
    files = sorted(path for folder in _FOLDERS for path in (root / folder).rglob("*"))
    own = [path.read_text(encoding="utf-8") for path in files if path.suffix in _KINDS]
    stretches = [stretch for text in own for stretch in _stretches(text, draw)]
    draw.shuffle(stretches)
    found += stretches[:_OWN]
    return [Marked(one.text, ()) for one in found]


def _stretches(text: str, draw: random.Random) -> Iterator[Marked]:
    """Yield whole lines that follow each other, of about the length of a passage."""
    stretch = ""
    for line in text.splitlines(keepends=True):
        stretch += line
        if len(stretch) > draw.choice(_LENGTHS):
            yield Marked(stretch, ())
            stretch = ""
    if stretch.strip():
        yield Marked(stretch, ())


def read(teacher: Any, rows: Iterable[Row], scheme: WordPiece, draw: random.Random) -> list[Read]:
    """Return what the whole model makes of sequences; one in ten with other capitals."""
    model = onnx.ModelProto()
    model.CopyFrom(teacher)
    norms = [node for node in model.graph.node if node.op_type == "LayerNormalization"]
    inside = norms[2 * GLANCING].output[0]  # the first is the embeddings'; a layer has two
    model.graph.output.append(onnx.helper.make_empty_tensor_value_info(inside))
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model.SerializeToString(), options)
    found = []
    for row in rows:
        shape = draw.random()
        cases = (
            0,
            *(row.cases if shape > 0.1 else (2 if shape > 0.08 else 0,) * len(row.cases)),
            0,
        )
        pieces = np.array([[scheme.first, *row.pieces, scheme.last]])
        inputs = {
            "input_ids": pieces,
            "attention_mask": np.ones_like(pieces),
            "token_type_ids": np.array([cases]),
        }
        logits, hidden = session.run(["logits", inside], inputs)
        likely = torch.from_numpy(logits[0]).softmax(-1).numpy()
        found.append(Read(hidden[0].astype(np.float16), likely.astype(np.float16)))
    return found


def teach_glance(first: nn.Module, sequences: Sequence[Read], steps: int) -> None:
    """Teach the glance, piece by piece; the learning rate falls to nothing by the last step."""
    hidden = torch.from_numpy(np.concatenate([one.hidden for one in sequences]))
    said = torch.from_numpy(np.concatenate([1 - one.likely[:, 0] for one in sequences])).float()
    something = (said > _SAID).float()
    weights = 1 + something + 3 * (said > _HEARD).float()
    optimizer = torch.optim.Adam(first.parameters())
    for step in range(steps):
        optimizer.param_groups[0]["lr"] = 3e-3 * min(1.0, 2 * (steps - step) / steps)
        some = torch.randint(0, len(hidden), (3_072,))
        scores = first(hidden[some].float())[:, 0]
        loss = nn.functional.binary_cross_entropy_with_logits(
            scores, something[some], weight=weights[some]
        )
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    print("glance", round(loss.item(), 4))  # noqa: T201


def closely(network: Network, first: nn.Module, hidden: Tensor, real: Tensor) -> tuple[Tensor, ...]:
    """Return what the last layers make of the pieces that the glance keeps.

    Args:
        network: the whole model.
        first: the glance.
        hidden: what the first layers make of a batch.
        real: marks what isn't padding.

    Returns:
        The logits, the places that they are of, and which of those aren't padding.
    """
    with torch.no_grad():
        kept = (first(hidden)[..., 0] > 0) & real
    kept[:, 0] = True
    longest = int(kept.sum(dim=1).max())
    places = torch.argsort((~kept).int(), dim=1, stable=True)[:, :longest]
    valid = torch.arange(longest)[None] < kept.sum(dim=1)[:, None]
    around, masked = hidden, real
    hidden = hidden.gather(1, places[..., None].expand(-1, -1, WIDTH))
    for layer in network.layers[GLANCING:]:
        hidden = layer(hidden, torch.where(masked[:, None, None, :], 0.0, -1e9), around)
        around, masked = hidden, valid
    return network.classifier(hidden), places, valid


def teach(network: Network, first: nn.Module, sequences: Sequence[Read], steps: int) -> None:
    """Teach the last layers to say of the kept pieces what they said when they saw all."""
    parts = [*network.layers[GLANCING:], network.classifier]
    parameters = [one for part in parts for one in part.parameters()]
    optimizer = torch.optim.AdamW(parameters, lr=5e-5, weight_decay=0.0)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min(1.0, (step + 1) / 20, max(0.01, 1.2 * (steps - step) / steps))
    )
    draw = random.Random(SEED)  # noqa: S311  # no secret: it must be repeatable
    network.eval()  # without dropout: it is to say the same, not to learn something new
    endless = chain.from_iterable(_batches(sequences, draw) for _ in count())
    running = apart = share = 0.0
    for step, (hidden, likely, real) in enumerate(islice(endless, steps), start=1):
        logits, places, valid = closely(network, first, hidden, real)
        wanted = likely.gather(1, places[..., None].expand(-1, -1, likely.shape[-1]))
        off = nn.functional.kl_div(logits.log_softmax(-1), wanted, reduction="none").sum(-1)
        weights = (3 - 2 * wanted[..., 0]) * valid
        loss = (off * weights).sum() / weights.sum()
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        schedule.step()
        often = min(step, 30)
        running += (loss.item() - running) / often
        apart += ((logits.softmax(-1) - wanted).abs().amax(-1)[valid].mean().item() - apart) / often
        share += (valid.sum().item() / real.sum().item() - share) / often
        if step % 10 == 0:
            print(f"{step}/{steps} {running:.4f} off {apart:.4f} kept {share:.2f}", flush=True)  # noqa: T201


def _batches(
    sequences: Sequence[Read], draw: random.Random
) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Yield batches of sequences of like length, in random order."""
    order = sorted(sequences, key=lambda one: len(one.hidden) + draw.randint(0, 12))
    groups: list[list[Read]] = [[]]
    for one in order:
        longest = max(len(one.hidden), *(len(other.hidden) for other in groups[-1]), 1)
        if longest * (len(groups[-1]) + 1) > _BATCH_PIECES:
            groups.append([])
        groups[-1].append(one)
    draw.shuffle(groups)
    for group in groups:
        hidden, likely = (
            nn.utils.rnn.pad_sequence(
                [torch.from_numpy(one[part]).float() for one in group], batch_first=True
            )
            for part in (0, 1)
        )
        lengths = torch.tensor([len(one.hidden) for one in group])
        yield hidden, likely, torch.arange(hidden.shape[1])[None] < lengths[:, None]


def main() -> None:
    """Read the arguments, teach, write `names.onnx` beside its vocabulary."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("shared", type=Path, help="folder of the evaluation sets")
    parser.add_argument("mirror", type=Path, help="folder of the checked-out repositories")
    parser.add_argument("teacher", type=Path, help="the whole model, as `train` writes it")
    parser.add_argument("--pieces", type=int, default=800_000, help="so much is read")
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--bar", type=float, default=-2.5, help="where the glance's 0 is put")
    parser.add_argument("--out", type=Path, default=HERE / "names.onnx")
    wanted = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(SEED)
    draw = random.Random(SEED)  # noqa: S311
    scheme = WordPiece((HERE / "names.vocab.txt").read_text(encoding="utf-8").splitlines())
    rows = sequences(texts(wanted.shared, wanted.mirror, draw), scheme, draw)
    draw.shuffle(rows)
    sizes = np.cumsum([len(row.pieces) for row in rows])
    teacher = onnx.load(wanted.teacher)
    seen = read(teacher, rows[: int(np.searchsorted(sizes, wanted.pieces))], scheme, draw)
    print(len(rows), "sequences,", len(seen), "read")  # noqa: T201
    network, first = trained(teacher.graph), glance()
    teach_glance(first, seen, steps=1_400)
    with torch.no_grad():
        first[-1].bias -= wanted.bar
    teach(network, first, seen, wanted.steps)
    values = {name: value.numpy() for name, value in network.state_dict().items()}
    values |= {f"glance.{name}": value.numpy() for name, value in first.state_dict().items()}
    graph.write(values, wanted.out)


if __name__ == "__main__":
    main()
