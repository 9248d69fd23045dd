"""Training steps of a network in PyTorch: torchStep.py with the arguments of torchModes.py.

The step is Gradus's: RMSProp, weight decay, moving average of weights and statistics, noise on. Optimizer
and average go over all tensors in one call, and gradients are freed between steps.
"""

import torch

from torchModels import create
from torchModes import batch, cast, layout, name, size, take_turns

model = create(name).to(memory_format=layout).train()
optimizer = torch.optim.RMSprop(
    model.parameters(), lr=1e-3, alpha=0.9, momentum=0.9, eps=1e-3, weight_decay=1e-5, foreach=True
)
tracked = [t for t in model.state_dict().values() if t.is_floating_point()]
average = [t.clone() for t in tracked]
images = torch.rand(batch, 3, size, size).contiguous(memory_format=layout)
labels = torch.arange(batch) % 10


def step() -> None:
    optimizer.zero_grad(set_to_none=True)
    with cast():
        loss = torch.nn.functional.cross_entropy(model(images), labels)
    loss.backward()
    optimizer.step()
    with torch.no_grad():
        torch._foreach_mul_(average, 1 - 1e-4)
        torch._foreach_add_(average, tracked, alpha=1e-4)
    loss.item()


take_turns(step)
