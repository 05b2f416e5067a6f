package io.github.kib4j.datasets;

import io.github.kib4j.data.Dataset;
import io.github.kib4j.data.ImageSet;
import io.github.kib4j.datasets.IdxFiles.Role;
import io.github.kib4j.tensor.Shape;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Data sets by name. */
public final class Datasets {
    private static final String SHAPES = "shapes";
    private static final Path DEBIAN = Path.of("/usr/share/datasets/fashion-mnist");
    private static final List<Double> CIFAR_MEAN = List.of(0.4914, 0.4822, 0.4465);
    private static final List<Double> CIFAR_DEVIATION = List.of(0.247, 0.243, 0.261);
    private static final int CIFAR_PADDING = 4;

    private Datasets() {}

    /** {@return the names of all data sets} */
    public static List<String> names() {
        return Stream.concat(
                        Stream.of(
                                SHAPES,
                                Recognised.FOLDER,
                                Recognised.IDX,
                                Recognised.CSV,
                                Recognised.NPY,
                                Recognised.STL10),
                        Arrays.stream(Published.values()).map(Published::title))
                .toList();
    }

    /** {@return the names of the data sets that can be fetched} */
    public static List<String> published() {
        return Arrays.stream(Published.values()).map(Published::title).toList();
    }

    /** {@return the folder where fetched data sets are kept: {@code $XDG_CACHE_HOME/kib4j/datasets} or {@code ~/.cache/...}} */
    public static Path cache() {
        String configured = System.getenv("XDG_CACHE_HOME");
        Path home = Path.of(System.getProperty("user.home", "."));
        Path base = configured == null || configured.isBlank() ? home.resolve(".cache") : Path.of(configured);
        return base.resolve("kib4j").resolve("datasets");
    }

    /**
     * Loads all of a data set into memory.
     *
     * @param name the name users type
     * @param data where its files are: a folder, one that holds the publisher's folder, or CIFAR's archive; null to look in
     *     the cache, in torchvision's folders below {@code data} here and at home, and where Debian puts Fashion-MNIST
     * @param seed of generated images
     * @return the planned operation
     * @throws DatasetException if there is no such data set, its files are not found, or they are damaged
     */
    public static Dataset load(String name, @Nullable Path data, long seed) {
        return load(name, data, seed, Selection.ALL, note -> {});
    }

    /**
     * Loads images of a data set into memory.
     *
     * @param name the name users type
     * @param data as for {@link #load(String, Path, long)}
     * @param seed of generated images
     * @param selection which images
     * @param notes is told, in sentences and once all is loaded, what lies beside the images and was passed over
     * @return the planned operation
     * @throws DatasetException if there is no such data set, its files are not found, or they are damaged
     */
    public static Dataset load(
            String name, @Nullable Path data, long seed, Selection selection, Consumer<String> notes) {
        return load(name, data, seed, Reading.of(selection), notes);
    }

    /**
     * Loads samples of a data set into memory.
     *
     * @param name the name users type
     * @param data as for {@link #load(String, Path, long)}; of {@code csv} a table or a folder of tables, of {@code npy} a file, archive
     *     or folder of arrays
     * @param seed of generated images
     * @param reading which samples, and of a table which columns
     * @param notes is told, in sentences and once all is loaded, what lies beside the samples and was passed over
     * @return the data set
     * @throws DatasetException if there is no such data set, its files are not found, or they are damaged
     */
    public static Dataset load(String name, @Nullable Path data, long seed, Reading reading, Consumer<String> notes) {
        Selection selection = reading.selection();
        if (name.equals(SHAPES)) {
            return selection.of(Shapes.generate(seed));
        }
        if (name.equals(Recognised.FOLDER)) {
            if (data == null) {
                throw DatasetException.missing(
                        Recognised.FOLDER,
                        "The data set 'folder' needs a place: a folder with a folder of images for each class.");
            }
            return ImageFolder.read(data, reading, notes);
        }
        if (name.equals(Recognised.CSV)) {
            return CsvSet.read(own(name, data, "a file, or the folder of train.csv and test.csv"), reading);
        }
        if (name.equals(Recognised.NPY)) {
            return NpySet.read(own(name, data, "a file of arrays of numpy's, or their folder"), reading, notes);
        }
        if (name.equals(Recognised.STL10)) {
            return selection.of(Stl10.read(own(name, data, "the folder of train_X.bin and its like")));
        }
        if (name.equals(Recognised.IDX)) {
            if (data == null) {
                throw DatasetException.missing(
                        Recognised.IDX,
                        "The data set 'idx' needs a place: the folder of its files of images and labels.");
            }
            return selection.of(IdxSet.read(IdxFiles.only(data), notes));
        }
        Published set = published(name);
        return selection.of(read(set, find(set, data)));
    }

    private static Path own(String name, @Nullable Path data, String what) {
        if (data == null) {
            throw DatasetException.missing(name, "The data set '" + name + "' needs a place: " + what + ".");
        }
        if (!RegularFile.isNamed(data)) {
            throw DatasetException.missing(name, "There is no " + data + "; name " + what + ".");
        }
        return Files.isDirectory(data) ? data : RegularFile.require(data);
    }

    /**
     * {@return whether a file is one that {@link #test} reads, by its name: of a table or of arrays}
     *
     * @param place where it lies
     */
    public static boolean isTestFile(Path place) {
        return !Files.isDirectory(place) && (CsvTable.isNamedSo(place) || NpyArray.isNamedSo(place));
    }

    /**
     * {@return all samples of a file to test a network on that learned from others, for example one of CIFAR-10-C's}
     *
     * @param file a table, or an array of numpy's with the one of its labels beside it, or an archive of both
     * @param columns which columns of a table are what
     * @param image what the network reads, {@code C x H x W}
     * @param classNames of the network; labels are these, or their numbers from 0
     * @param notes is told how the file is read
     * @throws DatasetException if it cannot be read, or has other samples or classes
     */
    public static ImageSet test(
            Path file, CsvTable.Columns columns, Shape image, List<String> classNames, Consumer<String> notes) {
        Path there = own(CsvTable.isNamedSo(file) ? Recognised.CSV : Recognised.NPY, file, "a file that is there");
        OwnSet.Part part = CsvTable.isNamedSo(file)
                ? CsvSet.part(CsvTable.read(there, columns))
                : NpySet.part(there, image, notes);
        if (!part.sample().equals(image)) {
            throw new DatasetException("The samples of " + part.from() + " are " + part.sample()
                    + ", but the network reads " + image + "; give it the like of what it learned.");
        }
        return OwnSet.forNetwork(part, classNames);
    }

    /**
     * {@return whether a data set's samples are features, as far as its name and place tell}
     *
     * @param name the name users type
     * @param data where its files are; null where that is not named
     */
    public static boolean hasFeatures(String name, @Nullable Path data) {
        return name.equals(Recognised.CSV) || (name.equals(Recognised.NPY) && data != null && NpySet.hasFeatures(data));
    }

    /**
     * {@return what a published or a generated data set holds, which is known without its files; empty for one's own}
     *
     * @param name the name users type
     * @param selection which images
     */
    public static Optional<Sizes> sizes(String name, Selection selection) {
        Stream<Sizes> all = name.equals(SHAPES)
                ? Stream.of(Shapes.SIZES)
                : Arrays.stream(Published.values())
                        .filter(set -> set.title().equals(name))
                        .map(Published::sizes);
        return all.map(sizes -> sizes.of(selection)).findFirst();
    }

    static Published published(String name) {
        return Arrays.stream(Published.values())
                .filter(set -> set.title().equals(name))
                .findFirst()
                .orElseThrow(() -> new DatasetException(
                        "There is no data set '" + name + "'; choose one of: " + String.join(", ", names()) + "."));
    }

    /**
     * {@return where a published data set's files lie without being told; empty if they are not found}
     *
     * @param name the name users type
     */
    public static Optional<Path> find(String name) {
        Published set = published(name);
        return places(set).stream()
                .flatMap(place -> PublishedFiles.filesAt(set, place).stream())
                .findFirst();
    }

    /**
     * {@return where a published data set's files lie at a place, or in a folder of it; empty if they are not found}
     *
     * @param name the name users type
     * @param data the place, as for {@link #load}
     */
    public static Optional<Path> find(String name, Path data) {
        Published set = published(name);
        return places(set, data).stream()
                .flatMap(place -> PublishedFiles.filesAt(set, place).stream())
                .findFirst();
    }

    /**
     * {@return how a published data set's files compare with its publisher's, by checksums of the files or of what they hold}
     *
     * @param name the name users type
     * @param data as for {@link #load}
     * @throws DatasetException if there is no such data set or its files are not found
     */
    public static List<Comparison> compare(String name, @Nullable Path data) {
        Published set = published(name);
        Path source = find(set, data);
        return set.isIdx()
                ? PublishedFiles.idx(set, source)
                        .map(files -> Comparison.of(set, files, Role.values()))
                        .orElse(List.of())
                : Comparison.ofCifar(set, source);
    }

    /**
     * {@return which data set lies at a place: a folder, an archive, or the beginning of files' names}
     *
     * @param place an existing path, but for the beginning of names
     * @throws DatasetException if there is none or several; the message says what is there
     */
    public static Recognised recognise(Path place) {
        return Recognised.at(place);
    }

    private static Path find(Published set, @Nullable Path data) {
        if (data != null) {
            checkPlace(set, data);
        }
        return (data == null ? find(set.title()) : find(set.title(), data))
                .orElseThrow(() -> DatasetException.missing(
                        set.title(),
                        "The files of " + set.title() + " are not found in "
                                + (data == null ? usualPlaces(set) : data)
                                + "; fetch them, or name the folder that holds them."));
    }

    /** Returns the folders that are looked into, or whose folders are, in words. */
    private static String usualPlaces(Published set) {
        return cache().resolve(set.title()) + ", data and "
                + Path.of(System.getProperty("user.home", ".")).resolve("data")
                + (set == Published.FASHION_MNIST ? ", nor in " + DEBIAN : "");
    }

    private static List<Path> places(Published set, Path data) {
        return Stream.concat(
                        Stream.of(data, data.resolve(set.title())),
                        set.folders().stream().map(data::resolve))
                .toList();
    }

    private static void checkPlace(Published set, Path data) {
        String must = "; name the folder" + (set.isIdx() ? "" : " or .tar.gz") + " that holds " + set.title() + ".";
        if (!RegularFile.isNamed(data)) {
            throw DatasetException.missing(set.title(), "There is no " + data + must);
        }
        if (Files.isDirectory(data)) {
            if (!Files.isReadable(data) || !Files.isExecutable(data)) {
                throw DatasetException.missing(
                        set.title(), "The folder " + data + " cannot be read (no permission)" + must);
            }
        } else if (!Files.isRegularFile(data)) {
            throw DatasetException.missing(set.title(), data + " is " + RegularFile.other(data) + must);
        } else if (set.isIdx() || !PublishedFiles.isArchive(data)) {
            throw DatasetException.missing(set.title(), data + " is a file of another kind" + must);
        }
    }

    private static List<Path> places(Published set) {
        Path home = Path.of(System.getProperty("user.home", "."));
        List<Path> places = new ArrayList<>(List.of(cache().resolve(set.title())));
        for (Path data : List.of(Path.of("data"), home.resolve("data"))) {
            set.folders().forEach(folder -> places.add(data.resolve(folder)));
            if (!set.isIdx()) {
                places.add(data); // torchvision keeps the archive beside the folder
            }
        }
        if (set == Published.FASHION_MNIST) {
            places.add(DEBIAN);
        }
        return places;
    }

    private static Dataset read(Published set, Path source) {
        if (set.isIdx()) {
            IdxFiles files = PublishedFiles.idx(set, source)
                    .orElseThrow(() -> new DatasetException("The files in " + source + " are gone; fetch them again."));
            ImageSet train = Idx.read(files.require(Role.TRAIN_IMAGES), files.require(Role.TRAIN_LABELS))
                    .asClasses(set.title() + " train", set.classNames());
            ImageSet test = Idx.read(files.require(Role.TEST_IMAGES), files.require(Role.TEST_LABELS))
                    .asClasses(set.title() + " test", set.classNames());
            List<Double> half = Collections.nCopies(1, 0.5);
            return checked(set, source, train, test, half, half, 0, false);
        }
        ImageSet[] parts = PublishedFiles.cifar(set).read(set.title(), source);
        return checked(set, source, parts[0], parts[1], CIFAR_MEAN, CIFAR_DEVIATION, CIFAR_PADDING, true);
    }

    private static Dataset checked(
            Published set,
            Path source,
            ImageSet train,
            ImageSet test,
            List<Double> mean,
            List<Double> deviation,
            int padding,
            boolean flip) {
        if (!train.image().equals(test.image())) {
            throw new DatasetException(
                    "The files of " + set.title() + " in " + source + " do not fit each other: training images are "
                            + train.image() + ", test images " + test.image() + "; fetch them again.");
        }
        return new Dataset(set.title(), train, test, mean, deviation, padding, flip);
    }
}
