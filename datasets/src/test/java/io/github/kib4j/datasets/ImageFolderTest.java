package io.github.kib4j.datasets;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.kib4j.data.Dataset;
import io.github.kib4j.data.ImageSet;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which files of a folder are images, of which class and part, and what is said of the others. */
final class ImageFolderTest {
    @TempDir
    Path folder;

    private final List<String> notes = new ArrayList<>();

    private Dataset read(Selection selection) {
        notes.clear();
        return ImageFolder.read(folder, Reading.of(selection), notes::add);
    }

    private Dataset read() {
        return read(Selection.ALL);
    }

    /** Writes images whose first sample is their number, beginning with {@code first}. */
    private void images(String name, int first, int count) throws IOException {
        for (int i = first; i < first + count; i++) {
            image(name + String.format(Locale.ROOT, "/%03d.png", i), i);
        }
    }

    private void image(String name, int sample) throws IOException {
        Path file = folder.resolve(name);
        Files.createDirectories(file.getParent());
        BufferedImage image = new BufferedImage(2, 2, BufferedImage.TYPE_BYTE_GRAY);
        image.getRaster().setSample(0, 0, 0, sample);
        String ending = name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
        assertThat(ImageIO.write(image, ending, file.toFile())).isTrue();
    }

    private void text(String name) throws IOException {
        Path file = folder.resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, "no image");
    }

    private static int[] perClass(ImageSet images) {
        int[] counts = new int[images.classes()];
        Arrays.stream(images.labels()).forEach(label -> counts[label]++);
        return counts;
    }

    /** Returns the first sample of each image. */
    private static int[] samples(ImageSet images) {
        int[] samples = new int[images.count()];
        Arrays.setAll(samples, i -> images.pixels().bytes()[i * 12] & 0xFF);
        return samples;
    }

    private void refuses(String... words) {
        assertThatThrownBy(this::read)
                .isInstanceOf(DatasetException.class)
                .hasMessageEndingWith(".")
                .satisfies(e -> assertThat(e.getMessage()).contains(words));
    }

    @Test
    void hiddenNamesArePassedOver() throws IOException {
        images("ant", 0, 10);
        images("bee", 10, 10);
        images(".git/objects", 0, 3);
        images("__MACOSX/ant", 0, 3);
        Files.createDirectories(folder.resolve(".ipynb_checkpoints"));
        images("ant/.ipynb_checkpoints", 0, 3);
        for (String name : new String[] {".DS_Store", "ant/._000.png", "bee/.DS_Store", "bee/__MACOSX/x.png"}) {
            text(name);
        }
        Dataset read = read();
        assertThat(read.train().classNames()).containsExactly("ant", "bee");
        assertThat(perClass(read.train())).containsExactly(9, 9);
        assertThat(notes).isEmpty();
    }

    @Test
    void whatIsNotReadIsCounted() throws IOException {
        images("ant", 0, 10);
        images("bee", 10, 10);
        for (String name : new String[] {
            "ant/a.webp", "ant/b.WebP", "bee/c.webp", "bee/LICENSE", "labels.csv", "0.png", "bee/sub/x.txt"
        }) {
            text(name);
        }
        assertThat(perClass(read().train())).containsExactly(9, 9);
        assertThat(notes).hasSize(1);
        assertThat(notes.get(0))
                .isEqualTo(
                        "Note: 7 files are not read, being no PNG, JPEG, BMP, GIF or TIFF image in a class's folder: "
                                + "1 .csv, 1 .png, 1 .txt, 3 .webp, 1 without an ending; for example "
                                + folder.resolve("0.png") + ".");
    }

    @Test
    void otherFormatsAndEndingsInAnyCaseAreRead() throws IOException {
        int number = 0;
        for (String ending : new String[] {"bmp", "gif", "tif", "tiff", "png", "PNG", "jpg", "JPEG", "Bmp", "jpeg"}) {
            image("ant/" + number + "." + ending, 100);
            image("bee/" + number++ + "." + ending, 100);
        }
        Dataset read = read();
        assertThat(perClass(read.train())).containsExactly(9, 9);
        assertThat(Arrays.stream(samples(read.train()))).allMatch(sample -> sample > 60 && sample <= 100);
        assertThat(notes).isEmpty();
    }

    /** As {@code sorted(os.walk(...))} and {@code sorted} of names: by bytes, capitals first, folder by folder. */
    @Test
    void subfoldersAndOrderAreTorchvisions() throws IOException {
        image("b/z.png", 1);
        image("b/a/y.png", 2);
        image("b/a-b/x.png", 3);
        image("b/B.png", 0);
        image("b/a/y/w.png", 5);
        image("b/a/Y.png", 1);
        for (String name : new String[] {"\uFB00", "\uD834\uDD1E", "Z", "\u00E4"}) {
            image(name + "/0.png", 9);
        }
        images("c", 0, 10);
        Dataset read = read();
        assertThat(read.train().classNames()).containsExactly("Z", "b", "c", "\u00E4", "\uFB00", "\uD834\uDD1E");
        assertThat(Arrays.copyOfRange(samples(read.train()), 1, 7)).containsExactly(0, 1, 1, 2, 3, 5);
        assertThat(notes)
                .containsExactly("Note: no test image, for having fewer than 10 images: Z, b, \u00E4, \uFB00, "
                        + "\uD834\uDD1E.");
    }

    @Test
    void linkedFoldersAreReadUnlessTheyNeverEnd() throws IOException {
        images("ant", 0, 10);
        images("elsewhere/more", 20, 3);
        Files.move(folder.resolve("elsewhere"), folder.resolve(".elsewhere"));
        images("bee", 10, 10);
        Files.createSymbolicLink(folder.resolve("bee/more"), folder.resolve(".elsewhere/more"));
        assertThat(perClass(read().train())).containsExactly(9, 12);
        Files.createSymbolicLink(folder.resolve("bee/self"), folder.resolve("bee"));
        refuses(folder.resolve("bee/self").toString(), "a link to a folder that it lies in");
        Files.delete(folder.resolve("bee/self"));
    }

    @Test
    void anEmptyClassIsRefusedByName() throws IOException {
        images("ant", 0, 10);
        images("bee", 10, 10);
        Files.createDirectories(folder.resolve("cow/deep"));
        refuses("The class folder " + folder.resolve("cow") + " has no PNG, JPEG, BMP, GIF or TIFF image in it; ");
        text("cow/deep/a.webp");
        text("cow/b.webp");
        refuses(folder.resolve("cow").toString(), "(2 other files are there)");
    }

    @Test
    void anEmptyClassOfTheTestsIsRefusedToo() throws IOException {
        for (String name : new String[] {"train/ant", "train/bee", "test/ant"}) {
            images(name, 0, 2);
        }
        Files.createDirectories(folder.resolve("test/bee"));
        refuses("The class folder " + folder.resolve("test/bee"));
        Files.move(folder.resolve("test/bee"), folder.resolve("test/Bee"));
        images("test/Bee", 0, 1);
        refuses("different classes: only the first has bee, only the second Bee;");
        Files.move(folder.resolve("test/Bee"), folder.resolve("test/bee"));
        images("test/cow", 0, 1);
        refuses("different classes: only the first has none, only the second cow;");
    }

    @ParameterizedTest
    @CsvSource({
        "train,test",
        "Train,Test",
        "TRAIN,val",
        "training,validation",
        "Training,TESTING",
        "train,valid",
        "training,Val"
    })
    void partsAreKnownByTheirNamesInAnyCase(String train, String test) throws IOException {
        images(train + "/ant", 0, 3);
        images(train + "/bee", 3, 2);
        images(test + "/ant", 5, 1);
        images(test + "/bee", 6, 1);
        Dataset read = read();
        assertThat(samples(read.train())).containsExactly(0, 1, 2, 3, 4);
        assertThat(samples(read.test())).containsExactly(5, 6);
        assertThat(read.test().labels()).containsExactly(0, 1);
        assertThat(notes).isEmpty();
    }

    @Test
    void ofThreePartsTheTestsAreTestedOnUnlessValidationIsAskedFor() throws IOException {
        int first = 0;
        for (String part : new String[] {"train", "val", "test"}) {
            for (String name : new String[] {"ant", "bee"}) {
                images(part + "/" + name, first++, 1);
            }
        }
        images("masks/ant", 9, 1);
        text("train.csv");
        assertThat(samples(read().test())).containsExactly(4, 5);
        assertThat(notes).hasSize(2);
        assertThat(notes.get(0)).contains("1 file is not read", "1 .csv");
        assertThat(notes.get(1))
                .isEqualTo(
                        "Note: tests are on " + folder.resolve("test") + "; not read in " + folder + ": masks, val.");
        Dataset validation = read(new Selection(true, 0, 0));
        assertThat(samples(validation.train())).containsExactly(0, 1);
        assertThat(samples(validation.test())).containsExactly(2, 3);
    }

    @Test
    void partsThatAreNotClearAreRefused() throws IOException {
        for (String name : new String[] {"train/ant", "train/bee"}) {
            images(name, 0, 2);
        }
        refuses("has train, but no test, testing, val, valid or validation beside it");
        for (String name : new String[] {"val/ant", "val/bee", "valid/ant", "valid/bee"}) {
            images(name, 0, 2);
        }
        refuses(folder.resolve("val").toString(), folder.resolve("valid").toString(), "cannot both be");
    }

    /** A train is also a vehicle. */
    @Test
    void aClassMayHaveThePartsName() throws IOException {
        images("car", 0, 10);
        images("train", 10, 10);
        assertThat(read().train().classNames()).containsExactly("car", "train");
    }

    @Test
    void aFolderWithoutTestImagesIsRefused() throws IOException {
        images("ant", 0, 9);
        images("bee", 0, 9);
        refuses("has no class with 10 images");
        images("bee", 9, 1);
        assertThat(perClass(read().test())).containsExactly(0, 1);
        assertThat(notes).containsExactly("Note: no test image, for having fewer than 10 images: ant.");
    }

    @Test
    void aFolderOfAnImagesNameIsRefused() throws IOException {
        images("ant", 0, 10);
        images("bee", 0, 10);
        Files.createDirectory(folder.resolve("bee/x.png"));
        refuses(folder.resolve("bee/x.png").toString(), "must be a file, but is a folder");
    }
}
