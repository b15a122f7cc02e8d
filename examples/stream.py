"""Births per day in the United States: a network learns to say tomorrow's, then reads two unseen years day by day."""

import time

import numpy as np
import torch

import elman
import elman.datasets

table = elman.datasets.load("births")
births, seen = table["births"].to_numpy(np.float32), 6575  # 1969 to 1986; 1987 and 1988 are not seen in training
y = (births - births[:seen].mean()) / births[:seen].std()
turns = np.outer(np.arange(1, len(y) + 1), 2 * np.pi / np.array([7, 3.5, 365.25]))  # tomorrow's place in week and year
x = np.column_stack([y, np.sin(turns), np.cos(turns)]).astype(np.float32)  # (T, 7): what is known today
torch.manual_seed(0)
lstm, head = elman.LSTM(7, 32, batch_first=True), elman.Readout(32, 1)
optimizer = torch.optim.Adam([*lstm.parameters(), *head.parameters()], lr=0.01)
schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1, 0.01, 600)
for _ in range(600):
    rows = torch.randint(0, seen - 141, (32, 1)).numpy() + np.arange(140)  # 32 pieces of 20 weeks
    error = head(lstm(torch.from_numpy(x[rows]))[0])[..., 0] - torch.from_numpy(y[rows + 1])
    optimizer.zero_grad()
    error[:, 28:].abs().mean().backward()  # the first four weeks are to warm up
    optimizer.step()
    schedule.step()

elman.Stream.from_torch(lstm, head).save("births.safetensors")
stream = elman.Stream.load("births.safetensors")  # needs no PyTorch
print(stream)
stream.step_block(x[: seen - 1])  # the years before
began = time.perf_counter()
tomorrow = np.array([stream.step(today)[0] for today in x[seen - 1 : -1]])
microseconds = (time.perf_counter() - began) / len(tomorrow) * 1e6
error, naive = np.abs(tomorrow - y[seen:]).mean(), np.abs(y[seen - 7 : -7] - y[seen:]).mean()
print(f"off by {error * births[:seen].std():.0f} births a day, a week ago's by {naive * births[:seen].std():.0f}")
print(f"{microseconds:.1f} microseconds a day")
with torch.no_grad():
    whole = head(lstm(torch.from_numpy(x[None, :-1]))[0])[0, seen - 1 :, 0].numpy()
print("the bits of all days at once:", np.array_equal(whole, tomorrow))
