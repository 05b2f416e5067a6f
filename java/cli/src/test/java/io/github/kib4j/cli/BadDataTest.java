package io.github.kib4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Data files of every format, damaged in every way, through the real command line: one sentence that names the file, exit code
 * 1, and nothing written, changed or waited for.
 */
final class BadDataTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final String IMAGES = "train-images-idx3-ubyte";
    private static final String LABELS = "t10k-labels-idx1-ubyte";

    @TempDir
    Path folder;

    private interface Writing {
        void to(Path data) throws IOException;
    }

    /** A data set as it lies on a disk, and the files of it that are damaged in turn. */
    private enum Layout {
        IDX("mnist", "", data -> TinyImages.idx(data, 60, 20), IMAGES, "train-labels-idx1-ubyte", LABELS),
        IDX_GZ(
                "kmnist",
                "",
                data -> {
                    TinyImages.idx(data, 60, 20);
                    TinyImages.zip(data);
                },
                IMAGES + ".gz",
                "t10k-images-idx3-ubyte.gz",
                LABELS + ".gz"),
        CIFAR10(
                "cifar10",
                "",
                data -> TinyImages.cifar(data, 3),
                "data_batch_1.bin",
                "data_batch_4.bin",
                "test_batch.bin"),
        IDX_ANY("idx", "", data -> TinyImages.idx(data, 60, 20), IMAGES, "train-labels-idx1-ubyte", LABELS),
        CIFAR10_PYTHON(
                "cifar10", "", data -> TinyImages.cifarPython(data, 3), "data_batch_1", "data_batch_4", "test_batch"),
        CIFAR100_PYTHON("cifar100", "", data -> TinyImages.cifar100Python(data, 21), "train", "test"),
        CIFAR10_PYTHON_ARCHIVE(
                "cifar10",
                "",
                data -> {
                    Path files = Files.createDirectories(data).resolveSibling("archived");
                    TinyImages.cifarPython(files, 3);
                    Files.write(data.resolve("cifar-10-python.tar.gz"), TinyImages.tarGz(files));
                },
                "cifar-10-python.tar.gz"),
        CIFAR100("cifar100", "", data -> TinyImages.cifar100(data, 21), "train.bin", "test.bin"),
        CIFAR10_ARCHIVE("cifar10", "", data -> archive(data, "cifar-10"), "cifar-10-binary.tar.gz"),
        CIFAR100_ARCHIVE(
                "cifar100", "/cifar-100-binary.tar.gz", data -> archive(data, "cifar-100"), "cifar-100-binary.tar.gz"),
        FOLDER("folder", "", data -> TinyImages.png(data, 20, "cat", "dog"), "cat/0.png", "dog/7.png"),
        FOLDER_OF_JPEG("folder", "", data -> formatted(data, "jpg"), "cat/0.jpg"),
        FOLDER_OF_GIF("folder", "", data -> formatted(data, "gif"), "cat/0.gif"),
        FOLDER_OF_BMP("folder", "", data -> formatted(data, "bmp"), "dog/7.bmp"),
        FOLDER_OF_TIFF("folder", "", data -> formatted(data, "tif"), "dog/7.tif"),
        TRAIN_AND_TEST(
                "folder",
                "",
                data -> TinyImages.png(data, 10, "train/cat", "train/dog", "test/cat", "test/dog"),
                "train/cat/0.png",
                "test/dog/3.png"),
        STL10("stl10", "", data -> TinyImages.stl10(data, 12, 10), "train_X.bin", "test_X.bin", "train_y.bin"),
        CSV("csv", "", data -> TinyFeatures.csv(data.resolve("data.csv"), 60), "data.csv"),
        CSV_OF_PARTS(
                "csv",
                "",
                data -> {
                    TinyFeatures.csv(data.resolve("train.csv"), 60);
                    TinyFeatures.csv(data.resolve("test.csv"), 20);
                },
                "train.csv",
                "test.csv"),
        NPY("npy", "", data -> TinyFeatures.npy(data, 60), "x.npy", "y.npy"),
        NPZ("npy", "/set.npz", data -> TinyFeatures.npz(data.resolve("set.npz"), 60), "set.npz");

        private final String dataset;
        private final String place;
        private final Writing writing;
        private final List<String> files;

        Layout(String dataset, String place, Writing writing, String... files) {
            this.dataset = dataset;
            this.place = place;
            this.writing = writing;
            this.files = List.of(files);
        }

        private static void formatted(Path data, String format) throws IOException {
            for (String name : new String[] {"cat", "dog"}) {
                Files.createDirectories(data.resolve(name));
                for (int i = 0; i < 20; i++) {
                    TinyImages.image(data.resolve(name).resolve(i + "." + format), 8, 8);
                }
            }
        }

        private static void archive(Path data, String name) throws IOException {
            Path files = Files.createDirectories(data).resolveSibling("archived");
            if (name.equals("cifar-10")) {
                TinyImages.cifar(files, 3);
            } else {
                TinyImages.cifar100(files, 21);
            }
            Files.write(data.resolve(name + "-binary.tar.gz"), TinyImages.tarGz(files));
        }
    }

    /** A damage done to a file of a layout, and what must be said of it. */
    private record Case(Layout layout, String file, String damage, Damage.Change change, String says) {
        @Override
        public String toString() {
            return layout + " " + file + " " + damage;
        }
    }

    private CommandResult train(Layout layout) {
        return train(layout.dataset, folder.resolve("data") + layout.place);
    }

    private CommandResult train(String dataset, String data) {
        String options =
                "--quiet --model mlp --layers 8 --epochs 1 --batch 10 --device reference --out " + folder + "/out";
        return within(CommandResult.train(List.of(options.split(" ")), "--dataset", dataset, "--data", data));
    }

    private static CommandResult within(String... arguments) {
        return assertTimeoutPreemptively(PATIENCE, () -> CommandResult.kib(arguments));
    }

    @ParameterizedTest
    @EnumSource
    void undamagedItIsTrainedOn(Layout layout) throws IOException {
        layout.writing.to(folder.resolve("data"));
        assertThat(train(layout))
                .extracting(CommandResult::code, CommandResult::err)
                .containsExactly(0, "");
    }

    static Stream<Case> anyFile() {
        return Arrays.stream(Layout.values())
                .flatMap(layout -> layout.files.stream()
                        .flatMap(file -> Arrays.stream(Damage.values())
                                .filter(damage -> !isHarmless(layout, file, damage))
                                .map(damage -> new Case(layout, file, damage.toString(), damage::to, ""))));
    }

    /** An image fewer is no damage, and most formats are over before their last byte. */
    private static boolean isHarmless(Layout layout, String file, Damage damage) {
        if (layout == Layout.NPZ && damage == Damage.LONGER_BY_ONE) { // an archive's directory is found from its end
            return true;
        }
        if (layout.dataset.equals("csv") && damage == Damage.CUT_TO_HALF) { // half of the rows may be a table
            return true;
        }
        if (layout == Layout.CSV_OF_PARTS && file.equals("test.csv") && damage == Damage.MISSING) {
            return true;
        }
        boolean endsBefore = layout != Layout.FOLDER_OF_BMP && layout != Layout.FOLDER_OF_TIFF;
        return layout.dataset.equals("folder")
                && (damage == Damage.MISSING
                        || damage == Damage.LONGER_BY_ONE
                        || damage == Damage.CUT_BY_ONE && endsBefore);
    }

    static Stream<Case> ofAFormat() {
        return Stream.of(
                of(Layout.IDX, IMAGES, "wrong magic", Damage.at(2, 9), "no idx file of images"),
                of(Layout.IDX, LABELS, "magic of images", Damage.at(3, 3), "no idx file of labels"),
                of(Layout.IDX, IMAGES, "no images", Damage.at(7, 0), "announces a size of 0"),
                of(Layout.IDX, IMAGES, "a negative count", Damage.at(4, 0xff), "announces a size of -"),
                of(Layout.IDX, IMAGES, "far too many", Damage.at(4, 0x7f), "more than can be read"),
                of(Layout.IDX, IMAGES, "a smaller height", Damage.at(11, 7), "longer than its header says"),
                of(Layout.IDX, IMAGES, "a larger width", Damage.at(15, 9), "is cut short"),
                of(Layout.IDX, LABELS, "one label fewer", labels(19), "has 19 labels"),
                of(Layout.IDX, LABELS, "label out of range", Damage.at(8, 10), "has label 10 at image 0"),
                of(
                        Layout.IDX,
                        "t10k-images-idx3-ubyte",
                        "other images",
                        Damage.at(11, 4).andThen(Damage.at(15, 16)),
                        "do not fit each other"),
                of(Layout.IDX_GZ, LABELS + ".gz", "no gzip", Damage.at(0, 0), "no idx file of labels"),
                of(Layout.IDX_GZ, IMAGES + ".gz", "wrong checksum", atEnd(6), IMAGES + ".gz cannot be read"),
                of(
                        Layout.CIFAR10,
                        "test_batch.bin",
                        "label out of range",
                        Damage.at(3073, 10),
                        "has label 10 at image 1"),
                of(
                        Layout.CIFAR10,
                        "test_batch.bin",
                        "CIFAR-100's",
                        Damage.bytes(all -> new byte[3074]),
                        "has 3074 bytes, which is no whole number"),
                of(
                        Layout.CIFAR100,
                        "train.bin",
                        "label out of range",
                        Damage.at(3075, 100),
                        "has label 100 at image 1"),
                of(Layout.CIFAR10_ARCHIVE, "cifar-10-binary.tar.gz", "no gzip", Damage.at(1, 0), "cannot be read"),
                of(
                        Layout.CIFAR10_PYTHON,
                        "data_batch_1",
                        "other software",
                        file -> Files.writeString(file, "cos\nsystem\n(S'echo'\ntR."),
                        "wants Python's 'os.system', which no file of CIFAR does"),
                of(
                        Layout.CIFAR10_PYTHON,
                        "batches.meta",
                        "text",
                        Damage.bytes(all -> new byte[9]),
                        "batches.meta is not"),
                of(Layout.CIFAR100_PYTHON, "test", "protocol 0", Damage.at(1, 0), "it has protocol 0"),
                of(Layout.CIFAR10_ARCHIVE, "cifar-10-binary.tar.gz", "wrong checksum", atEnd(6), "cannot be read"),
                of(
                        Layout.CIFAR10_ARCHIVE,
                        "cifar-10-binary.tar.gz",
                        "a file too few",
                        BadDataTest::archiveWithoutTest,
                        "no test_batch.bin in"),
                of(
                        Layout.CIFAR100_ARCHIVE,
                        "cifar-100-binary.tar.gz",
                        "CIFAR-10's",
                        BadDataTest::cifar10Archive,
                        "no train.bin in"),
                of(
                        Layout.FOLDER,
                        "dog/3.png",
                        "another size",
                        file -> TinyImages.image(file, 7, 8),
                        "is 3 x 8 x 7, but the first one is 3 x 8 x 8"),
                of(Layout.STL10, "test_y.bin", "a class too many", Damage.at(3, 11), "Label 11 of image 3 in"),
                of(
                        Layout.CSV,
                        "data.csv",
                        "a missing value",
                        text("\n0.5,", "\n,"),
                        "has no value in line 2, column 'a b'"),
                of(
                        Layout.CSV,
                        "data.csv",
                        "a word",
                        text("\n0.5,", "\nhalf,"),
                        "has no number in line 2, column 'a b'"),
                of(
                        Layout.CSV_OF_PARTS,
                        "test.csv",
                        "another column",
                        text("c,label", "d,label"),
                        "have different columns"),
                of(Layout.NPY, "x.npy", "of complex numbers", text("'<f4'", "'<c8'"), "is of numpy's type '<c8'"),
                of(Layout.NPY, "y.npy", "of floats", text("'|u1'", "'|f1'"), "is of numpy's type '|f1'"),
                of(Layout.NPY, "x.npy", "fewer samples", text("(60, ", "(59, "), "is longer than its header says"),
                of(Layout.NPZ, "set.npz", "another name", text("x.npy", "z.npy"), "Which array of"),
                of(Layout.FOLDER, "cat/0.png", "too large", file -> TinyImages.image(file, 5000, 1), "is 5000 x 1"),
                of(
                        Layout.FOLDER,
                        "cat/0.png",
                        "text",
                        file -> Files.writeString(file, "no image"),
                        "is no PNG, JPEG, BMP, GIF or TIFF image"),
                of(
                        Layout.FOLDER,
                        "cat",
                        "a class that is a link to itself",
                        Damage.A_LINK_TO_ITSELF::to,
                        "a link that leads nowhere"),
                of(Layout.FOLDER, "cat", "one class", Damage.MISSING::to, "at least 2 classes, but has 1"),
                of(Layout.FOLDER, "cat", "an empty class", BadDataTest::emptyFolder, "/cat has no PNG, JPEG, BMP"),
                of(
                        Layout.FOLDER,
                        "dog/3.png",
                        "a wrong checksum",
                        Damage.at(50, 99),
                        "the checksum of its part at byte"),
                of(Layout.FOLDER_OF_JPEG, "cat/3.jpg", "a scan cut short", shorterScan(3), "Corrupt JPEG data"),
                of(
                        Layout.FOLDER,
                        "cat/3.png",
                        "WebP",
                        file -> Files.writeString(file, "RIFF....WEBPVP8 "),
                        "image, but WebP"),
                of(
                        Layout.TRAIN_AND_TEST,
                        "test/cat",
                        "a class without test images",
                        BadDataTest::emptyFolder,
                        "/test/cat has no PNG"),
                of(
                        Layout.TRAIN_AND_TEST,
                        "test",
                        "no tests",
                        Damage.MISSING::to,
                        "has train, but no test, testing, val"),
                of(
                        Layout.TRAIN_AND_TEST,
                        "test/cat",
                        "a class renamed",
                        file -> Files.move(file, file.resolveSibling("cow")),
                        "different classes"));
    }

    /** Changes text to other of the same length, or any length where a file is text. */
    private static Damage.Change text(String from, String to) {
        return Damage.bytes(all ->
                new String(all, StandardCharsets.ISO_8859_1).replace(from, to).getBytes(StandardCharsets.ISO_8859_1));
    }

    private static Case of(Layout layout, String file, String damage, Damage.Change change, String says) {
        return new Case(layout, file, damage, change, says);
    }

    private static Damage.Change labels(int count) {
        return Damage.at(7, count).andThen(Damage.bytes(all -> Arrays.copyOf(all, 8 + count)));
    }

    private static void emptyFolder(Path path) throws IOException {
        Damage.MISSING.to(path);
        Files.createDirectory(path);
    }

    /** Takes bytes away before the last two, which end a JPEG file's only scan. */
    private static Damage.Change shorterScan(int missing) {
        return Damage.bytes(all -> {
            byte[] less = Arrays.copyOf(all, all.length - missing);
            System.arraycopy(all, all.length - 2, less, less.length - 2, 2);
            return less;
        });
    }

    /** Changes the byte that is followed by so many. */
    private static Damage.Change atEnd(int following) {
        return Damage.bytes(all -> {
            all[all.length - 1 - following] ^= 1;
            return all;
        });
    }

    private static void cifar10Archive(Path file) throws IOException {
        Path files = file.resolveSibling("others");
        TinyImages.cifar(files, 2);
        Files.write(file, TinyImages.tarGz(files));
    }

    private static void archiveWithoutTest(Path file) throws IOException {
        Path files = file.resolveSibling("others");
        TinyImages.cifar(files, 2);
        Files.delete(files.resolve("test_batch.bin"));
        Files.write(file, TinyImages.tarGz(files));
    }

    @ParameterizedTest
    @MethodSource({"anyFile", "ofAFormat"})
    void isOneSentence(Case bad) throws IOException {
        Path data = folder.resolve("data");
        bad.layout().writing.to(data);
        Path damaged = data.resolve(bad.file());
        bad.change().to(damaged);
        Map<String, Integer> before = FolderContent.of(folder);
        String[] verify = {"data", "verify", bad.layout().dataset, "--data", data + bad.layout().place};
        for (CommandResult result : List.of(train(bad.layout()), within(verify))) {
            result.assertSentence(1, bad.says());
            assertThat(result.err()).contains(data.toString());
        }
        assertThat(FolderContent.of(folder)).isEqualTo(before);
        if (Files.isSymbolicLink(damaged)) {
            Files.delete(damaged); // cleaning up, JUnit would warn of a link that leads out of the folder
        }
    }

    @Test
    void whatAFolderHoldsIsSaid() throws IOException {
        Path data = folder.resolve("data");
        TinyImages.png(data, 20, "cat", ".ipynb_checkpoints", "__MACOSX");
        TinyImages.png(data, 40, "dog/young");
        TinyImages.png(data, 3, "cow");
        Files.writeString(data.resolve("cat/._0.png"), "what macOS leaves");
        Files.writeString(data.resolve("cat/a.webp"), "not read");
        String counts = "57 training images (3 of 'cow' to 36 of 'dog'), 6 test images (0 of 'cow' to 4 of 'dog')";
        String unread =
                "Note: 1 file is not read, being no PNG, JPEG, BMP, GIF or TIFF image in a class's folder: 1 .webp; ";
        String untested = "Note: no test image, for having fewer than 10 images: cow.";
        CommandResult verify = within("data", "verify", "folder", "--data", data.toString());
        assertThat(verify.code()).as(verify.err()).isZero();
        assertThat(verify.out()).contains("folder: " + counts, unread, untested);
        String options = "--model mlp --layers 8 --epochs 1 --batch 10 --device reference --limit-train 12";
        CommandResult train = within(CommandResult.train(
                List.of(options.split(" ")),
                "--dataset",
                "folder",
                "--data",
                data.toString(),
                "--out",
                folder + "/out"));
        assertThat(train.code()).as(train.err()).isZero();
        assertThat(train.err()).contains("folder: 12 training images (3 of 'cow' to 5 of 'cat')", unread, untested);
    }

    /** What {@code --data} names, and how. */
    private record Place(String dataset, String data, String says) {}

    static Stream<Place> places() {
        return Stream.of("mnist", "fashion-mnist", "kmnist", "cifar10", "cifar100", "folder")
                .flatMap(dataset -> Stream.of(
                        new Place(
                                dataset,
                                "nowhere",
                                dataset.equals("folder") ? "there is no such file" : "There is no "),
                        new Place(
                                dataset,
                                "empty",
                                dataset.equals("folder") ? "2 classes, but has 0" : "are not found in"),
                        new Place(
                                dataset,
                                "text",
                                dataset.equals("folder") ? "it is no folder" : "a file of another kind"),
                        new Place(dataset, "text/below", dataset.equals("folder") ? "folder" : "There is no "),
                        new Place(dataset, "pipe", dataset.equals("folder") ? "it is no folder" : "a pipe or device"),
                        new Place(
                                dataset,
                                "loop",
                                dataset.equals("folder") ? "levels of symbolic links" : "leads nowhere"),
                        new Place(dataset, "closed", "no permission")));
    }

    @ParameterizedTest
    @MethodSource("places")
    void aPlaceWithoutItsFilesIsOneSentence(Place place) throws IOException {
        Files.createDirectory(folder.resolve("empty"));
        for (Damage damage : List.of(Damage.A_PIPE, Damage.A_LINK_TO_ITSELF)) {
            damage.to(Files.createFile(folder.resolve(damage == Damage.A_PIPE ? "pipe" : "loop")));
        }
        Files.writeString(folder.resolve("text"), "no data");
        if (place.data().equals("closed")) {
            Damage.NO_PERMISSION.to(Files.createDirectory(folder.resolve("closed")));
        }
        CommandResult result =
                train(place.dataset(), folder.resolve(place.data()).toString());
        result.assertSentence(1, place.says());
        assertThat(result.err()).contains(folder.resolve(place.data()).toString());
        assertThat(folder.resolve("out")).doesNotExist();
    }
}
