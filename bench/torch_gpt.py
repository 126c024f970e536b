# torch_gpt.py - the transformer of train.c in PyTorch, to be measured beside it: pre-norm
# blocks, GELU in its tanh form, tied unembedding, AdamW. Reads lines "L D H T B V SECONDS"
# and answers each with tokens per second; the first answer is the version.
import os
import sys
import time

import torch
from torch import nn
from torch.nn.functional import cross_entropy, gelu


class Attention(nn.Module):
    def __init__(self, D, H, T):
        super().__init__()
        self.heads, self.scale = H, (D // H) ** -0.5
        self.inward, self.outward = nn.Linear(D, 3 * D), nn.Linear(D, D)
        self.register_buffer("future", torch.ones(T, T, dtype=torch.bool).triu(1))

    def forward(self, x):
        B, T, D = x.shape
        qkv = self.inward(x).view(B, T, 3, self.heads, D // self.heads)
        q, k, v = qkv.permute(2, 0, 3, 1, 4)
        score = (q @ k.transpose(2, 3)) * self.scale
        pattern = score.masked_fill(self.future, float("-inf")).softmax(-1)
        return self.outward((pattern @ v).transpose(1, 2).reshape(B, T, D))


class Block(nn.Module):
    def __init__(self, D, H, T):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(D), nn.LayerNorm(D)
        self.attention = Attention(D, H, T)
        self.wide, self.narrow = nn.Linear(D, 4 * D), nn.Linear(4 * D, D)

    def forward(self, x):
        x = x + self.attention(self.norm1(x))
        return x + self.narrow(gelu(self.wide(self.norm2(x)), approximate="tanh"))


class Transformer(nn.Module):
    def __init__(self, L, D, H, T, V):
        super().__init__()
        self.token, self.place = nn.Embedding(V, D), nn.Embedding(T, D)
        self.blocks = nn.Sequential(*(Block(D, H, T) for _ in range(L)))
        self.norm = nn.LayerNorm(D)
        for w in self.parameters():
            if w.dim() == 2:
                nn.init.normal_(w, std=0.02)

    def forward(self, tokens):
        x = self.blocks(self.token(tokens) + self.place.weight)
        return self.norm(x) @ self.token.weight.t()


def rate(L, D, H, T, B, V, seconds):
    torch.manual_seed(1)
    model = Transformer(L, D, H, T, V)
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-4, foreach=True)
    tokens, targets = torch.randint(V, (2, B, T))
    steps, start = -2, 0.0
    while steps < 3 or time.perf_counter() - start < seconds:
        if steps == 0:
            start = time.perf_counter()
        loss = cross_entropy(model(tokens).view(B * T, V), targets.view(-1))
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        steps += 1
    return steps * B * T / (time.perf_counter() - start)


torch.set_num_threads(int(os.environ["BLIS_NUM_THREADS"]))
print(torch.__version__, flush=True)
for line in sys.stdin:
    *shape, seconds = line.split()
    print(rate(*map(int, shape), float(seconds)), flush=True)
