"""Networks that torchvision does not have, written after their papers: parameters named as ours."""
import torch.nn.functional as F
from torch import nn


class SameConv2d(nn.Conv2d):
    """Padded as TensorFlow's SAME: the size becomes ceil(size / stride), an odd row goes to the end."""

    def forward(self, x):
        pads = []
        for axis in (3, 2):  # F.pad starts from the last axis
            size, kernel, stride = x.shape[axis], self.kernel_size[axis - 2], self.stride[axis - 2]
            total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
            pads += [total // 2, total - total // 2]
        return F.conv2d(F.pad(x, pads), self.weight, self.bias, self.stride, 0, 1, self.groups)


def use_tensorflow_padding(net):
    for module in net.modules():
        if isinstance(module, nn.Conv2d):
            module.__class__ = SameConv2d
    return net


def conv(inputs, out, kernel, stride=1):
    return nn.Conv2d(inputs, out, kernel, stride, kernel // 2, bias=False)


class CifarBlock(nn.Module):
    """conv, BN, relu, conv, BN; where the shape changes the shortcut is every other pixel and zeros."""

    def __init__(self, inputs, out, stride):
        super().__init__()
        self.stride, self.zeros = stride, out - inputs
        self.conv1, self.bn1 = conv(inputs, out, 3, stride), nn.BatchNorm2d(out)
        self.conv2, self.bn2 = conv(out, out, 3), nn.BatchNorm2d(out)

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        shortcut = x[:, :, :: self.stride, :: self.stride]
        return F.relu(y + F.pad(shortcut, (0, 0, 0, 0, 0, self.zeros)))


class CifarResNet(nn.Module):
    """6n + 2 layers. arXiv 1512.03385, section 4.2, with option A."""

    def __init__(self, depth):
        super().__init__()
        self.conv1, self.bn1 = conv(3, 16, 3), nn.BatchNorm2d(16)
        inputs = 16
        for stage, out in enumerate((16, 32, 64)):
            blocks = []
            for i in range((depth - 2) // 6):
                blocks.append(CifarBlock(inputs, out, 2 if stage > 0 and i == 0 else 1))
                inputs = out
            setattr(self, f"layer{stage + 1}", nn.Sequential(*blocks))
        self.fc = nn.Linear(64, 10)

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        x = self.layer3(self.layer2(self.layer1(x)))
        return self.fc(x.mean((2, 3)))


class WideBlock(nn.Module):
    """BN, relu, conv, BN, relu, conv; a projecting shortcut starts behind the first relu."""

    def __init__(self, inputs, out, stride):
        super().__init__()
        self.bn1, self.conv1 = nn.BatchNorm2d(inputs), conv(inputs, out, 3, stride)
        self.bn2, self.conv2 = nn.BatchNorm2d(out), conv(out, out, 3)
        self.downsample = conv(inputs, out, 1, stride) if inputs != out else None

    def forward(self, x):
        active = F.relu(self.bn1(x))
        y = self.conv2(F.relu(self.bn2(self.conv1(active))))
        return y + (self.downsample(active) if self.downsample else x)


class WideResNet(nn.Module):
    """6n + 4 layers. arXiv 1605.07146."""

    def __init__(self, depth, width):
        super().__init__()
        self.conv1 = conv(3, 16, 3)
        inputs = 16
        for stage, channels in enumerate((16, 32, 64)):
            blocks = []
            for i in range((depth - 4) // 6):
                blocks.append(WideBlock(inputs, channels * width, 2 if stage > 0 and i == 0 else 1))
                inputs = channels * width
            setattr(self, f"layer{stage + 1}", nn.Sequential(*blocks))
        self.bn1 = nn.BatchNorm2d(inputs)
        self.fc = nn.Linear(inputs, 10)

    def forward(self, x):
        x = self.layer3(self.layer2(self.layer1(self.conv1(x))))
        return self.fc(F.relu(self.bn1(x)).mean((2, 3)))
