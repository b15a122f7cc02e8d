"""A recurrent network by hand: it reads letters and says which comes next; docs/article.md explains."""

import numpy as np
import torch

LETTERS, WORDS = "bdgaiu", ["ba", "dii", "guuu"]  # J. L. Elman, Finding Structure in Time, 1990
T, B, A, H = 24, 32, len(LETTERS), 24  # time steps, sequences in a batch, alphabet, hidden size
rng = np.random.default_rng(1990)


def sequences():
    rows = ["".join(words)[: T + 1] for words in rng.choice(WORDS, size=(B, T))]
    vectors = np.eye(A)[[[LETTERS.index(row[t]) for row in rows] for t in range(T + 1)]]  # (T + 1, B, A)
    return vectors[:-1], vectors[1:]  # x and target (T, B, A): the target is x one step ahead


def forward(W_xh, W_hh, W_ho, b_h, b_o, x, target):
    h, y = np.zeros((T + 1, B, H)), np.zeros((T, B, A))  # h[0] is the state before the first letter
    for t in range(T):
        h[t + 1] = np.tanh(x[t] @ W_xh.T + h[t] @ W_hh.T + b_h)  # (B, H)
        y[t] = h[t + 1] @ W_ho.T + b_o  # (B, A)
    p = np.exp(y) / np.exp(y).sum(axis=2, keepdims=True)  # (T, B, A): how likely each letter is
    return h, p, -np.log((p * target).sum(axis=2))  # loss (T, B): cross-entropy


def backward(W_xh, W_hh, W_ho, b_h, b_o, x, target, h, p):
    dy = (p - target) / (T * B)  # (T, B, A): through the mean, the cross-entropy and the softmax
    dz = np.zeros((T + 1, B, H))  # dz[T] stays 0: nothing comes back from beyond the last step
    for t in reversed(range(T)):
        dh = dy[t] @ W_ho + dz[t + 1] @ W_hh  # (B, H): from the output now and from the next step
        dz[t] = dh * (1 - h[t + 1] ** 2)  # (B, H): through tanh
    dW_xh, dW_hh = sum(dz[t].T @ x[t] for t in range(T)), sum(dz[t].T @ h[t] for t in range(T))
    dW_ho = sum(dy[t].T @ h[t + 1] for t in range(T))  # (A, H): a matrix used T times, a sum of T parts
    return dW_xh, dW_hh, dW_ho, dz.sum(axis=(0, 1)), dy.sum(axis=(0, 1))


def train(memory):
    weights = [rng.normal(0, s[-1] ** -0.5, s) for s in ((H, A), (H, H), (A, H), (H,), (A,))]
    for step in range(401):
        x, target = sequences()
        h, p, loss = forward(*weights, x, target)
        if step % 100 == 0:
            print(f"memory {memory}  step {step:3d}  loss {loss.mean():.3f}")
        weights = [w - dw for w, dw in zip(weights, backward(*weights, x, target, h, p), strict=True)]
        weights[1] *= memory  # a network without memory: W_hh = 0
    return weights


weights, memoryless, (x, target) = train(memory=1), train(memory=0), sequences()  # these are held out
(h, p, loss), (_, _, loss_0) = forward(*weights, x, target), forward(*memoryless, x, target)
print(f"held out: loss {loss.mean():.3f} with memory, {loss_0.mean():.3f} without; letter by letter:")
for letter, a, b in zip(target[:12, 0].argmax(axis=1), loss[:12, 0], loss_0[:12, 0], strict=True):
    print(LETTERS[letter], f"|{'#' * round(8 * a):11} |{'#' * round(8 * b)}")
tensors = W_xh, W_hh, W_ho, b_h, b_o = [torch.tensor(weight, requires_grad=True) for weight in weights]
state, total = torch.zeros(B, H, dtype=torch.float64), 0
for t in range(T):
    state = torch.tanh(torch.tensor(x[t]) @ W_xh.T + state @ W_hh.T + b_h)
    total += torch.nn.functional.cross_entropy(state @ W_ho.T + b_o, torch.tensor(target[t])) / T
pairs = zip(backward(*weights, x, target, h, p), torch.autograd.grad(total, tensors), strict=True)
print(f"by hand against autograd: {max(abs(a - b.numpy()).max() / abs(a).max() for a, b in pairs):.0e}")
