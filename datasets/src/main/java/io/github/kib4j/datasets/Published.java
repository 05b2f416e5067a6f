package io.github.kib4j.datasets;

import io.github.kib4j.datasets.IdxFiles.Role;
import io.github.kib4j.tensor.Shape;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The data sets that publishers offer: file names, addresses and MD5 sums (as torchvision's {@code mnist.py} and
 * {@code cifar.py} list them; CIFAR's also on its publisher's page).
 */
enum Published {
    MNIST(
            "mnist",
            List.of("https://ossci-datasets.s3.amazonaws.com/mnist/", "http://yann.lecun.com/exdb/mnist/"),
            List.of("MNIST/raw", "MNIST"),
            digits(),
            "f68b3c2dcbeaaa9fbdd348bbdeb94873",
            "d53e105ee54ea40749a09fcbcd1e9432",
            "9fb629c4189551a2d022fa330f9573f3",
            "ec29112dd5afa0611ce80d1b7f02629c"),
    FASHION_MNIST(
            "fashion-mnist",
            List.of(
                    "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
                    "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/"),
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
            List.of("http://codh.rois.ac.jp/kmnist/dataset/kmnist/"),
            List.of("KMNIST/raw", "KMNIST"),
            List.of("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"),
            "bdb82020997e1d708af4cf47b453dcf7",
            "e144d726b3acfaa3e44228e80efcd344",
            "5c965bf0a639b31b8f53240b1b52f4d7",
            "7320c461ea6c1c855c0b718fb2a4b134"),
    CIFAR10(
            "cifar10",
            List.of("https://www.cs.toronto.edu/~kriz/"),
            List.of("cifar-10-batches-bin", "cifar-10-batches-py"),
            List.of("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"),
            "c32a1d4ab5d03f1284b67883e8d87530"),
    CIFAR100(
            "cifar100",
            List.of("https://www.cs.toronto.edu/~kriz/"),
            List.of("cifar-100-binary", "cifar-100-python"),
            hundred(),
            "03b5dce01913d631647c71ecec9e9cb8");

    private final String title;
    private final List<String> addresses;
    private final List<String> folders;
    private final List<String> classNames;
    private final List<String> md5;

    Published(String title, List<String> addresses, List<String> folders, List<String> classNames, String... md5) {
        this.title = title;
        this.addresses = addresses;
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

    /** Returns the addresses of folders that hold the files, the first to be asked in front. */
    List<String> addresses() {
        return addresses;
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

    Sizes sizes() {
        return isIdx()
                ? new Sizes(Shape.of(1, 28, 28), classNames.size(), 60_000, 10_000)
                : new Sizes(Shape.of(3, 32, 32), classNames.size(), 50_000, 10_000);
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

    /** Returns the MD5 sum of the archive for Python; empty for sets that have none. */
    Optional<String> pythonArchive() {
        return Optional.ofNullable(
                switch (this) {
                    case CIFAR10 -> "c58f30108f718f92721af3b95e74349a";
                    case CIFAR100 -> "eb9058c3a382ffc7106e4002c42a8d85";
                    default -> null;
                });
    }

    /**
     * Returns MD5 sums of unpacked files, by name: CIFAR's for Python as torchvision's {@code cifar.py} lists them, MNIST's and
     * Fashion-MNIST's as projects that unpack them do. Kuzushiji-MNIST's and the binary versions' are not known.
     */
    Map<String, String> contents() {
        return switch (this) {
            case MNIST ->
                idx(
                        "6bbc9ace898e44ae57da46a324031adb",
                        "a25bea736e30d166cdddb491f175f624",
                        "2646ac647ad5339dbf082846283269ea",
                        "27ae3e4e09519cfbb04c329615203637");
            case FASHION_MNIST ->
                idx(
                        "f4a8712d7a061bf5bd6d2ca38dc4d50a",
                        "9018921c3c673c538a1fc5bad174d6f9",
                        "8181f5470baa50b63fa0f6fddb340f0a",
                        "15d484375f8d13e6eb1aabb0c3f46965");
            case KMNIST -> Map.of();
            case CIFAR10 ->
                Map.of(
                        "data_batch_1", "c99cafc152244af753f735de768cd75f",
                        "data_batch_2", "d4bba439e000b95fd0a9bffe97cbabec",
                        "data_batch_3", "54ebc095f3ab1f0389bbae665268c751",
                        "data_batch_4", "634d18415352ddfa80567beed471001a",
                        "data_batch_5", "482c414d41f54cd18b22e5b47cb7c3cb",
                        "test_batch", "40351d587109b95175f43aff81a1287e",
                        "batches.meta", "5ff9c542aee3614f3951f8cda6e48888");
            case CIFAR100 ->
                Map.of(
                        "train", "16019d7e3df5f24257cddd939b257f8d",
                        "test", "f0ef6b0ae62326f3e7ffdfab6717acfc",
                        "meta", "7973b15100ade9c7d40fb424638fde48");
        };
    }

    private static Map<String, String> idx(String... sums) {
        return Stream.of(Role.values()).collect(Collectors.toMap(Role::usual, role -> sums[role.ordinal()]));
    }
}
