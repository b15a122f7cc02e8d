"""Surnames that nobody has: a network learns documents such as "Italian: Rossi"; a prompt asks for a language."""

import sys

import elman
import elman.datasets

epochs, rows = (int(one) for one in (sys.argv[1:] + ["40", "100000"][len(sys.argv) - 1 :]))
table = elman.datasets.load("surnames")
table = table.sample(min(rows, len(table)), random_state=0)
documents = (table["language"] + ": " + table["name"]).tolist()
generator = elman.Generator(hidden_size=192, dropout=0.3, epochs=epochs, random_state=0, num_threads=1)
generator.fit(documents)
print(f"{generator.history_.value(generator.history_.best):.3f} bits per character on names set aside")

known = set(table["name"])
new = total = 0
for language in sorted(table["language"].unique()):
    texts = generator.generate(f"{language}: ", 30, temperature=0.8, seed=0, count=40)
    names = [text.removeprefix(f"{language}: ") for text in texts]
    invented = list(dict.fromkeys(name for name in names if name and name not in known))
    new, total = new + sum(name not in known for name in names), total + len(names)
    print(f"{language:<12}{', '.join(invented[:6])}")
print(f"{new} of {total} names are in no list that it learned from")
