"""The two networks of the trajectories in plain PyTorch functions, with the parameters by dotted name."""
from dataclasses import dataclass, field

import torch
import torch.nn.functional as F


@dataclass
class Net:
    """A network's shapes; `forward(p, x, mask)` draws its masks with mask(site, shape, keep)."""

    image: tuple
    momentum: float
    epsilon: float
    frozen: tuple = ()
    params: dict = field(default_factory=dict)
    buffers: dict = field(default_factory=dict)

    def conv(self, name, out, inputs, kernel, bias=False):
        self.params[f"{name}.weight"] = (out, inputs, kernel, kernel)
        if bias:
            self.params[f"{name}.bias"] = (out,)

    def linear(self, name, out, inputs):
        self.params[f"{name}.weight"] = (out, inputs)
        self.params[f"{name}.bias"] = (out,)

    def norm(self, name, channels):
        for kind in ("weight", "bias"):
            self.params[f"{name}.{kind}"] = (channels,)
        self.buffers[f"{name}.running_mean"] = torch.zeros(channels)
        self.buffers[f"{name}.running_var"] = torch.ones(channels)

    def is_frozen(self, name):
        return any(name == prefix or name.startswith(prefix + ".") for prefix in self.frozen)

    def apply_norm(self, p, name, x):
        training = not self.is_frozen(name)
        statistics = (self.buffers[f"{name}.running_{kind}"] for kind in ("mean", "var"))
        affine = (p[f"{name}.weight"], p[f"{name}.bias"])
        return F.batch_norm(x, *statistics, *affine, training, self.momentum, self.epsilon)


def drop(x, mask, keep):
    return x * mask / keep


def same(x, weight, stride=1, groups=1):
    """A convolution padded as TensorFlow's SAME: the odd row goes to the bottom and right."""
    size, kernel = x.shape[-1], weight.shape[-1]
    total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
    pads = (total // 2, total - total // 2)
    return F.conv2d(F.pad(x, pads + pads), weight, stride=stride, groups=groups)


class ConvNet(Net):
    """conv, BN, relu, max pool, conv stride 2, BN, silu, global average, dropout, linear."""

    def __init__(self):
        super().__init__(image=(1, 12, 12), momentum=0.1, epsilon=1e-5)
        self.conv("conv1", 8, 1, 3, bias=True)
        self.norm("bn1", 8)
        self.conv("conv2", 16, 8, 3)
        self.norm("bn2", 16)
        self.linear("classifier", 10, 16)

    def forward(self, p, x, mask):
        x = F.conv2d(x, p["conv1.weight"], p["conv1.bias"], padding=1)
        x = F.max_pool2d(F.relu(self.apply_norm(p, "bn1", x)), 2)
        x = F.conv2d(x, p["conv2.weight"], stride=2, padding=1)
        x = F.silu(self.apply_norm(p, "bn2", x)).mean((2, 3))
        x = drop(x, mask("dropout", x.shape, 0.8), 0.8)
        return F.linear(x, p["classifier.weight"], p["classifier.bias"])


class MbConvNet(Net):
    """An EfficientNet in small: stem, a depthwise separable block, two MBConv blocks, head."""

    def __init__(self, frozen=()):
        super().__init__(image=(3, 16, 16), momentum=0.1, epsilon=1e-3, frozen=frozen)
        self.conv("conv_stem", 8, 3, 3)
        self.norm("bn1", 8)
        self.conv("blocks.0.conv_dw", 8, 1, 3)
        self.norm("blocks.0.bn1", 8)
        self.squeeze_excite("blocks.0", 8, 2)
        self.conv("blocks.0.conv_pw", 12, 8, 1)
        self.norm("blocks.0.bn2", 12)
        self.inverted("blocks.1", 12, 16, 5)
        self.inverted("blocks.2", 16, 16, 3)
        self.conv("conv_head", 32, 16, 1)
        self.norm("bn2", 32)
        self.linear("classifier", 10, 32)

    def squeeze_excite(self, block, channels, reduced):
        self.conv(f"{block}.se.conv_reduce", reduced, channels, 1, bias=True)
        self.conv(f"{block}.se.conv_expand", channels, reduced, 1, bias=True)

    def inverted(self, block, inputs, out, kernel):
        wide = 4 * inputs
        self.conv(f"{block}.conv_pw", wide, inputs, 1)
        self.norm(f"{block}.bn1", wide)
        self.conv(f"{block}.conv_dw", wide, 1, kernel)
        self.norm(f"{block}.bn2", wide)
        self.squeeze_excite(block, wide, inputs // 4)
        self.conv(f"{block}.conv_pwl", out, wide, 1)
        self.norm(f"{block}.bn3", out)

    def excite(self, p, block, x):
        name = f"{block}.se.conv_"
        mean = x.mean((2, 3), keepdim=True)
        hidden = F.silu(F.conv2d(mean, p[name + "reduce.weight"], p[name + "reduce.bias"]))
        return x * torch.sigmoid(F.conv2d(hidden, p[name + "expand.weight"], p[name + "expand.bias"]))

    def inverted_forward(self, p, block, x, stride):
        x = same(x, p[f"{block}.conv_pw.weight"])
        x = F.silu(self.apply_norm(p, f"{block}.bn1", x))
        x = same(x, p[f"{block}.conv_dw.weight"], stride, x.shape[1])
        x = F.silu(self.apply_norm(p, f"{block}.bn2", x))
        x = same(self.excite(p, block, x), p[f"{block}.conv_pwl.weight"])
        return self.apply_norm(p, f"{block}.bn3", x)

    def forward(self, p, x, mask):
        x = F.silu(self.apply_norm(p, "bn1", same(x, p["conv_stem.weight"], 2)))
        x = same(x, p["blocks.0.conv_dw.weight"], groups=8)
        x = self.excite(p, "blocks.0", F.silu(self.apply_norm(p, "blocks.0.bn1", x)))
        x = self.apply_norm(p, "blocks.0.bn2", same(x, p["blocks.0.conv_pw.weight"]))
        x = self.inverted_forward(p, "blocks.1", x, 2)
        branch = self.inverted_forward(p, "blocks.2", x, 1)
        if not self.is_frozen("blocks.2"):
            branch = drop(branch, mask("blocks.2.drop_path", (x.shape[0], 1, 1, 1), 0.8), 0.8)
        x = x + branch
        x = F.silu(self.apply_norm(p, "bn2", same(x, p["conv_head.weight"]))).mean((2, 3))
        x = drop(x, mask("classifier.dropout", x.shape, 0.9), 0.9)
        return F.linear(x, p["classifier.weight"], p["classifier.bias"])
