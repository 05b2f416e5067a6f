package io.github.kib4j.datasets;

import io.github.kib4j.datasets.IdxFiles.Role;
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
            List.of("MNIST/raw", "MNIST"),
            digits(),
            "f68b3c2dcbeaaa9fbdd348bbdeb94873",
            "d53e105ee54ea40749a09fcbcd1e9432",
            "9fb629c4189551a2d022fa330f9573f3",
            "ec29112dd5afa0611ce80d1b7f02629c"),
    FASHION_MNIST(
            "fashion-mnist",
            "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
            List.of("FashionMNIST/raw", "FashionMNIST"),
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
            List.of("KMNIST/raw", "KMNIST"),
            List.of("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"),
            "bdb82020997e1d708af4cf47b453dcf7",
            "e144d726b3acfaa3e44228e80efcd344",
            "5c965bf0a639b31b8f53240b1b52f4d7",
            "7320c461ea6c1c855c0b718fb2a4b134"),
    CIFAR10(
            "cifar10",
            "https://www.cs.toronto.edu/~kriz/",
            List.of("cifar-10-batches-bin", "cifar-10-batches-py"),
            List.of("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"),
            "c32a1d4ab5d03f1284b67883e8d87530"),
    CIFAR100(
            "cifar100",
            "https://www.cs.toronto.edu/~kriz/",
            List.of("cifar-100-binary", "cifar-100-python"),
            hundred(),
            "03b5dce01913d631647c71ecec9e9cb8");

    private final String title;
    private final String address;
    private final List<String> folders;
    private final List<String> classNames;
    private final List<String> md5;

    Published(String title, String address, List<String> folders, List<String> classNames, String... md5) {
        this.title = title;
        this.address = address;
        this.folders = folders;
        this.classNames = classNames;
        this.md5 = List.of(md5);
    }

    private static List<String> digits() {
        return Stream.of(0, 1, 2, 3, 4, 5, 6, 7, 8, 9).map(String::valueOf).toList();
    }

    /** Returns the fine classes, as the publisher's {@code meta} lists them. */
    private static List<String> hundred() {
        String names =
                "apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus butterfly "
                        + "camel can castle caterpillar cattle chair chimpanzee clock cloud cockroach couch crab crocodile "
                        + "cup dinosaur dolphin elephant flatfish forest fox girl hamster house kangaroo keyboard lamp "
                        + "lawn_mower leopard lion lizard lobster man maple_tree motorcycle mountain mouse mushroom "
                        + "oak_tree orange orchid otter palm_tree pear pickup_truck pine_tree plain plate poppy porcupine "
                        + "possum rabbit raccoon ray road rocket rose sea seal shark shrew skunk skyscraper snail snake "
                        + "spider squirrel streetcar sunflower sweet_pepper table tank telephone television tiger tractor "
                        + "train trout tulip turtle wardrobe whale willow_tree wolf woman worm";
        return List.of(names.split(" "));
    }

    /** Returns the name users type. */
    String title() {
        return title;
    }

    /** Returns the address of the folder that holds the files. */
    String address() {
        return address;
    }

    /** Returns the folders that other tools put the unpacked files in. */
    List<String> folders() {
        return folders;
    }

    /** Returns the names of the archives that hold all files: the binary version's, then that for Python. */
    List<String> archives() {
        String name = this == CIFAR10 ? "cifar-10" : "cifar-100";
        return Stream.of("binary", "python")
                .map(version -> name + "-" + version)
                .flatMap(archive -> Stream.of(archive + ".tar.gz", archive + ".tar"))
                .toList();
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
            return Stream.of(Role.values()).map(role -> role.usual() + ".gz").toList();
        }
        return List.of(this == CIFAR10 ? "cifar-10-binary.tar.gz" : "cifar-100-binary.tar.gz");
    }

    /** Returns the MD5 sum of each of {@link #files()}. */
    List<String> md5() {
        return md5;
    }
}
