"""Which day of the week is it? A network tells it from the numbers of births alone: a tag for each step of a series."""

import argparse

import numpy as np

import elman
import elman.datasets

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def main(years: int = 18, epochs: int = 12) -> None:
    """Learn from so many years, and tag the two years after the 18th, which are never learned from."""
    table = elman.datasets.load("births")
    births = table["births"].to_numpy(float)
    days = [DAYS[day.weekday()] for day in table["ds"]]
    seen, stop = 6575, round(365.25 * years)  # 1969 to 1986
    tagger = elman.Tagger(hidden_size=32, window=64, epochs=epochs, num_threads=1)
    tagger.fit([births[seen - stop : seen]], [days[seen - stop : seen]])

    (found,) = tagger.predict([births[seen:]])
    right = np.mean([a == b for a, b in zip(found, days[seen:], strict=True)])
    means = {day: births[:seen][[one == day for one in days[:seen]]].mean() for day in DAYS}
    nearest = [min(means, key=lambda day, n=n: abs(means[day] - n)) for n in births[seen:]]
    alone = np.mean([a == b for a, b in zip(nearest, days[seen:], strict=True)])
    print(f"right of {len(found)} days: {right:.1%}; from each day's number alone: {alone:.1%}")
    for n, truth, day in zip(births[seen : seen + 10], days[seen:], found, strict=False):
        print(f"{n:7.0f} births  {day:9}  {'' if day == truth else 'no, ' + truth}")


if __name__ == "__main__":
    flags = argparse.ArgumentParser(description=__doc__)
    flags.add_argument("--years", type=int, default=18)
    flags.add_argument("--epochs", type=int, default=12)
    main(**vars(flags.parse_args()))
