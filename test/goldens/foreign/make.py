"""Foreign networks as torch's exporter writes them. Writes the tiny ones, *.onnx, beside itself.

With a folder and names of torchvision's networks, writes those there, too large to commit:
`make.py /tmp/networks resnet18 mobilenet_v2`; *.eval.onnx has batch norms folded into convolutions, as
`torch.onnx.export` does it by itself, and *.keep.onnx has them.
"""

import pathlib
import sys

import torch
from torch import nn
from torch.onnx import TrainingMode

here = pathlib.Path(__file__).parent


class Block(nn.Module):
    def __init__(self, inputs, out, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, out, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(out)
        self.conv2 = nn.Conv2d(out, out, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(out)
        self.relu = nn.ReLU()
        self.downsample = None
        if stride != 1 or inputs != out:
            self.downsample = nn.Sequential(
                nn.Conv2d(inputs, out, 1, stride, bias=False), nn.BatchNorm2d(out)
            )

    def forward(self, x):
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        return self.relu(y + (x if self.downsample is None else self.downsample(x)))


class Residual(nn.Module):
    """A ResNet of four blocks, with torchvision's names."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 4, 3, 2, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(4)
        self.layer1 = nn.Sequential(Block(4, 4, 1), Block(4, 4, 1))
        self.layer2 = nn.Sequential(Block(4, 6, 2), Block(6, 6, 1))
        self.fc = nn.Linear(6, 5)

    def forward(self, x):
        x = torch.relu(self.bn1(self.conv1(x)))
        x = self.layer2(self.layer1(x))
        return self.fc(torch.flatten(nn.functional.adaptive_avg_pool2d(x, 1), 1))


class Inverted(nn.Module):
    def __init__(self, inputs, out, stride):
        super().__init__()
        hidden = 3 * inputs
        self.skips = stride == 1 and inputs == out
        self.conv = nn.Sequential(
            nn.Conv2d(inputs, hidden, 1),
            nn.ReLU6(),
            nn.Conv2d(hidden, hidden, 3, stride, 1, groups=hidden),
            nn.Hardswish(),
            nn.Conv2d(hidden, out, 1),
        )

    def forward(self, x):
        return x + self.conv(x) if self.skips else self.conv(x)


class Mobile(nn.Module):
    """Inverted residuals without batch norm, and probabilities at the end."""

    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 4, 3, 2, 1),
            Inverted(4, 4, 1),
            Inverted(4, 6, 2),
            Inverted(6, 6, 1),
            Inverted(6, 6, 1),
        )
        self.classifier = nn.Sequential(nn.Dropout(0.2), nn.Linear(6, 5))

    def forward(self, x):
        return self.classifier(self.features(x).mean((2, 3))).softmax(1)


def efficient():
    """An EfficientNet of four blocks, torchvision's own."""
    from torchvision.models.efficientnet import EfficientNet, MBConvConfig

    block = [
        MBConvConfig(1, 3, 1, 8, 8, 1, 1, 1),
        MBConvConfig(2, 3, 2, 8, 8, 2, 1, 1),
        MBConvConfig(2, 5, 1, 8, 16, 1, 1, 1),
    ]
    return EfficientNet(block, dropout=0.2, last_channel=16, num_classes=5)


def transformer():
    """A ViT of two layers, torchvision's own: its attention has the batch as the second axis."""
    from torchvision.models import VisionTransformer

    sizes = {"num_layers": 2, "num_heads": 2, "hidden_dim": 8, "mlp_dim": 16}
    model = VisionTransformer(image_size=16, patch_size=8, num_classes=5, **sizes)
    # torchvision starts these at zero.
    for parameter in [model.class_token, model.heads.head.weight, model.heads.head.bias]:
        nn.init.normal_(parameter)
    return model.eval()


class Layer(nn.Module):
    def __init__(self, features):
        super().__init__()
        self.norm = nn.LayerNorm(features)
        self.fc1 = nn.Linear(features, 2 * features)
        self.fc2 = nn.Linear(2 * features, features)
        self.gamma = nn.Parameter(torch.rand(features))

    def forward(self, x):
        return x + self.gamma * self.fc2(nn.functional.gelu(self.fc1(self.norm(x))))


class Patches(nn.Module):
    """Patches through layers of LayerNorm and GELU, which opset 13 writes out."""

    def __init__(self):
        super().__init__()
        self.embed = nn.Conv2d(3, 6, 4, 4)
        self.position = nn.Parameter(torch.rand(1, 16, 6))
        self.layers = nn.ModuleList(Layer(6) for _ in range(3))
        self.head = nn.Linear(6, 5)

    def forward(self, x):
        x = self.embed(x).flatten(2).transpose(1, 2) + self.position
        for layer in self.layers:
            x = layer(x)
        return self.head(x.mean(1))


def lively(model):
    """Random statistics, so that a batch norm does something."""
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 1.5)
            module.weight.data.uniform_(0.5, 1.5)
            module.bias.data.normal_(0, 0.1)
    return model.eval()


def export(model, path, size, **options):
    axes = {"input": {0: "batch"}, "output": {0: "batch"}}
    names = {"input_names": ["input"], "output_names": ["output"], "dynamic_axes": axes}
    torch.onnx.export(model, torch.zeros(1, 3, size, size), str(path), **names, **options)


keeping = {"training": TrainingMode.PRESERVE, "do_constant_folding": False}


def main(folder=None, *names):
    torch.manual_seed(0)
    if folder is None:
        export(lively(Residual()), here / "residual.onnx", 16, opset_version=17, **keeping)
        export(lively(efficient()), here / "efficient.onnx", 16, opset_version=17, **keeping)
        export(lively(Mobile()), here / "mobile.onnx", 16, opset_version=13)
        export(lively(Patches()), here / "patches.onnx", 16, opset_version=13)
        export(transformer(), here / "transformer.onnx", 16, opset_version=13)
    for name in names:
        import torchvision

        model = lively(getattr(torchvision.models, name)(weights=None))
        size = 224 if name.startswith("vit") else 64
        export(model, f"{folder}/{name}.eval.onnx", size, opset_version=13)
        export(model, f"{folder}/{name}.keep.onnx", size, opset_version=17, **keeping)


if __name__ == "__main__":
    main(*sys.argv[1:])
