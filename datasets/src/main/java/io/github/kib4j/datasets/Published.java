package io.github.kib4j.datasets;

import java.util.List;
import java.util.stream.Stream;

/**
 * The data sets that publishers offer: file names, addresses and MD5 sums (as torchvision's {@code mnist.py} and
 * {@code cifar.py} list them; CIFAR's also on its publisher's page).
 */
enum Published {
    MNIST(
            "mnist",
            "https://ossci-datasets.s3.amazonaws.com/mnist/",
            "MNIST/raw",
            digits(),
            "f68b3c2dcbeaaa9fbdd348bbdeb94873",
            "d53e105ee54ea40749a09fcbcd1e9432",
            "9fb629c4189551a2d022fa330f9573f3",
            "ec29112dd5afa0611ce80d1b7f02629c"),
    FASHION_MNIST(
            "fashion-mnist",
            "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
            "FashionMNIST/raw",
            List.of(
                    "T-shirt/top",
                    "Trouser",
                    "Pullover",
                    "Dress",
                    "Coat",
                    "Sandal",
                    "Shirt",
                    "Sneaker",
                    "Bag",
                    "Ankle boot"),
            "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
            "25c81989df183df01b3e8a0aad5dffbe",
            "bef4ecab320f06d8554ea6380940ec79",
            "bb300cfdad3c16e7a12a480ee83cd310"),
    KMNIST(
            "kmnist",
            "http://codh.rois.ac.jp/kmnist/dataset/kmnist/",
            "KMNIST/raw",
            List.of("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"),
            "bdb82020997e1d708af4cf47b453dcf7",
            "e144d726b3acfaa3e44228e80efcd344",
            "5c965bf0a639b31b8f53240b1b52f4d7",
            "7320c461ea6c1c855c0b718fb2a4b134"),
    CIFAR10(
            "cifar10",
            "https://www.cs.toronto.edu/~kriz/",
            "cifar-10-batches-bin",
            List.of("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"),
            "c32a1d4ab5d03f1284b67883e8d87530"),
    CIFAR100(
            "cifar100",
            "https://www.cs.toronto.edu/~kriz/",
            "cifar-100-binary",
            hundred(),
            "03b5dce01913d631647c71ecec9e9cb8");

    /** The four files of MNIST and its kin: training images and labels, test images and labels. */
    static final List<String> IDX_FILES = List.of(
            "train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte");

    private final String title;
    private final String address;
    private final String folder;
    private final List<String> classNames;
    private final List<String> md5;

    Published(String title, String address, String folder, List<String> classNames, String... md5) {
        this.title = title;
        this.address = address;
        this.folder = folder;
        this.classNames = classNames;
        this.md5 = List.of(md5);
    }

    private static List<String> digits() {
        return Stream.of(0, 1, 2, 3, 4, 5, 6, 7, 8, 9).map(String::valueOf).toList();
    }

    private static List<String> hundred() {
        return java.util.stream.IntStream.range(0, 100)
                .mapToObj(i -> "class " + i)
                .toList();
    }

    /** Returns the name users type. */
    String title() {
        return title;
    }

    /** Returns the address of the folder that holds the files. */
    String address() {
        return address;
    }

    /** Returns where other tools put the unpacked files. */
    String folder() {
        return folder;
    }

    List<String> classNames() {
        return classNames;
    }

    boolean isIdx() {
        return this != CIFAR10 && this != CIFAR100;
    }

    /** Returns the files to download. */
    List<String> files() {
        if (isIdx()) {
            return IDX_FILES.stream().map(name -> name + ".gz").toList();
        }
        return List.of(this == CIFAR10 ? "cifar-10-binary.tar.gz" : "cifar-100-binary.tar.gz");
    }

    /** Returns the MD5 sum of each of {@link #files()}. */
    List<String> md5() {
        return md5;
    }
}
