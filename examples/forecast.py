"""Births 28 days ahead: one model, distributions for every day, holidays known ahead.

python examples/forecast.py [--days N] [--epochs N] [--output fan.svg]
"""

from typing import Annotated

import pandas as pd
import typer
from pandas.tseries.holiday import USFederalHolidayCalendar

import elman
from elman import datasets

HORIZON = 28


def births(days: int) -> pd.DataFrame:
    """The last days of the data set, in the long form, with federal holidays, which are known ahead."""
    df = datasets.load("births").rename(columns={"births": "y"}).tail(days)
    holidays = USFederalHolidayCalendar().holidays(df["ds"].min(), df["ds"].max())
    return df.assign(unique_id="births", holiday=df["ds"].isin(holidays).astype(float))


def main(
    days: Annotated[int, typer.Option(min=300, help="Days to learn from and to look at, the last ones")] = 2500,
    epochs: Annotated[int, typer.Option(min=1)] = 60,
    output: Annotated[str, typer.Option(help="Picture to write")] = "fan.svg",
) -> None:
    """Train on all but the last 28 days, forecast these, and compare with saying the same as a week ago."""
    df = births(days)
    known, ahead = df.iloc[:-HORIZON], df.iloc[-HORIZON:]

    forecaster = elman.Forecaster(
        horizon=HORIZON, future=("holiday",), learning_rate=0.004, epochs=epochs, num_threads=1, verbose=0
    ).fit(known)
    X_df = ahead[["unique_id", "ds", "holiday"]]
    forecast = forecaster.predict(level=[80, 95], X_df=X_df)
    print(forecast.head(3).to_string(index=False, float_format="{:.0f}".format))

    truth = ahead["y"].to_numpy()
    week = known["y"].to_numpy()[-7:]
    naive = abs(truth - [week[k % 7] for k in range(HORIZON)]).mean()
    error = abs(truth - forecast["Forecaster"]).mean()
    inside = ((forecast["Forecaster-lo-80"] <= truth) & (truth <= forecast["Forecaster-hi-80"])).mean()
    print(f"off by {error:.0f} births a day; saying the same as a week before, by {naive:.0f}")
    print(f"{inside:.0%} of the days lie in their 80 % interval")

    paths = forecaster.sample(n=1000, X_df=X_df)
    totals = paths.groupby("sample")["Forecaster"].sum()
    low, high = totals.quantile([0.1, 0.9])
    print(f"all {HORIZON} days together: {truth.sum():,.0f}; four of five paths give {low:,.0f} to {high:,.0f}")

    forecaster.plot(X_df=X_df).savefig(output)


if __name__ == "__main__":
    typer.run(main)
