package io.github.kib4j.datasets;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.kib4j.data.Dataset;
import io.github.kib4j.data.ImageSet;
import io.github.kib4j.data.Pixels;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.KibFailure;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.testkit.DataFiles;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Arrays of numpy's: of every type and order, in files, folders and archives. */
final class NpySetTest {
    @TempDir
    Path folder;

    private Path write(String name, byte[] bytes) throws IOException {
        return Files.write(folder.resolve(name), bytes);
    }

    /** Returns bytes 0, 1, ... as many as the extents need. */
    private static byte[] counting(int... extents) {
        byte[] bytes = new byte[IntStream.of(extents).reduce(1, Math::multiplyExact)];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) i;
        }
        return bytes;
    }

    private static byte[] images(int... extents) {
        return DataFiles.npy("|u1", false, counting(extents), extents);
    }

    private static byte[] labels(int count) {
        ByteBuffer bytes = ByteBuffer.allocate(8 * count).order(ByteOrder.LITTLE_ENDIAN);
        IntStream.range(0, count).forEach(i -> bytes.putLong(i % 3));
        return DataFiles.npy("<i8", false, bytes.array(), count);
    }

    /** The number -3, or 3 without a sign, in each type. */
    @ParameterizedTest
    @CsvSource({
        "<f8,00000000000008C0",
        ">f4,C0400000",
        "<f2,00C2",
        "|i1,FD",
        "<i2,FDFF",
        ">i4,FFFFFFFD",
        "<i8,FDFFFFFFFFFFFFFF",
        "|u1,03",
        "<u2,0300",
        ">u4,00000003",
        "<u8,0300000000000000"
    })
    void everyTypeIsRead(String type, String bytes) throws IOException {
        byte[] number = HexFormat.of().parseHex(bytes);
        NpyArray array = NpyArray.read(write("a.npy", DataFiles.npy(type, false, number, 1)));
        assertThat(array.floats()).containsExactly(type.contains("u") ? 3 : -3);
        if (!type.contains("f")) {
            assertThat(array.labels()).containsExactly(type.contains("u") ? 3 : -3);
        }
    }

    @Test
    void halvesAreThoseOfIeee() {
        assertThat(NpyArray.half((short) 0x3C01)).isEqualTo(1 + 0x1p-10f);
        assertThat(NpyArray.half((short) 0x0001)).isEqualTo(0x1p-24f);
        assertThat(NpyArray.half((short) 0x7BFF)).isEqualTo(65504);
        assertThat(NpyArray.half((short) 0xFC00)).isEqualTo(Float.NEGATIVE_INFINITY);
        assertThat(NpyArray.half((short) 0x7E00)).isNaN();
        assertThat(NpyArray.half((short) 0x8000)).isEqualTo(-0.0f);
    }

    @Test
    void fortransOrderIsPutIntoRows() throws IOException {
        byte[] columns = {1, 4, 2, 5, 3, 6};
        NpyArray array = NpyArray.read(write("a.npy", DataFiles.npy("|u1", true, columns, 2, 3)));
        assertThat(array.data()).containsExactly(1, 2, 3, 4, 5, 6);
        byte[] cube = counting(2, 3, 4);
        NpyArray turned = NpyArray.read(write("b.npy", DataFiles.npy("|u1", true, cube, 2, 3, 4)));
        for (int i = 0; i < 24; i++) {
            int place = i / 12 + 2 * (i / 4 % 3) + 6 * (i % 4);
            assertThat(turned.data()[i]).isEqualTo((byte) place);
        }
    }

    /** As Keras and MedMNIST name them. */
    @ParameterizedTest
    @ValueSource(strings = {"x_%s,y_%s", "%s_images,%s_labels", "X-%s,Y-%s"})
    void namesTellWhatArraysAreFor(String names) throws IOException {
        String[] pair = names.split(",");
        Map<String, byte[]> arrays = new LinkedHashMap<>();
        arrays.put(String.format(pair[1], "train"), labels(6));
        arrays.put(String.format(pair[0], "train"), images(6, 4, 5, 3));
        arrays.put(String.format(pair[0], "test"), images(2, 4, 5, 3));
        arrays.put(String.format(pair[1], "test"), labels(2));
        arrays.put(String.format(pair[0], "val"), images(3, 4, 5, 3));
        arrays.put(String.format(pair[1], "val"), labels(3));
        Path archive = write("set.npz", DataFiles.npz(arrays));
        List<String> notes = new ArrayList<>();
        Dataset set = Datasets.load("npy", archive, 0, Selection.ALL, notes::add);
        assertThat(Datasets.recognise(archive).dataset()).isEqualTo("npy");
        assertThat(set.train().image()).isEqualTo(Shape.of(3, 4, 5));
        assertThat(set.train().count()).isEqualTo(6);
        assertThat(set.test().count()).isEqualTo(2);
        byte[] pixels = set.train().pixels().bytes();
        assertThat(pixels[60 + 20 + 7]).as("channel 1 of pixel 7 of image 1").isEqualTo((byte) (60 + 3 * 7 + 1));
        assertThat(notes.get(0)).endsWith("(6, 4, 5, 3) is read as images of 3 x 4 x 5, channels last.");
        assertThat(Datasets.load("npy", archive, 0, new Selection(true, 0, 0), note -> {})
                        .test()
                        .count())
                .isEqualTo(3);
        Path files = Files.createDirectories(folder.resolve("files"));
        for (Map.Entry<String, byte[]> array : arrays.entrySet()) {
            Files.write(files.resolve(array.getKey() + ".npy"), array.getValue());
        }
        assertThat(Datasets.recognise(files).dataset()).isEqualTo("npy");
        assertThat(Datasets.load("npy", files, 0).train().pixels().bytes()).isEqualTo(pixels);
    }

    @Test
    void samplesAreFeaturesOrImages() throws IOException {
        write("y.npy", labels(20));
        byte[] floats = new byte[4 * 20 * 6];
        ByteBuffer numbers = ByteBuffer.wrap(floats).order(ByteOrder.LITTLE_ENDIAN);
        IntStream.range(0, 120).forEach(i -> numbers.putFloat(i / 8f));
        Path x = write("X.npy", DataFiles.npy("<f4", false, floats, 20, 6));
        Dataset set = Datasets.load("npy", x, 0);
        assertThat(set.train().image()).isEqualTo(Shape.of(6, 1, 1));
        assertThat(set.train().count()).isEqualTo(18);
        assertThat(set.train().pixels()).isInstanceOf(Pixels.Floats.class);
        assertThat(Datasets.hasFeatures("npy", x)).isTrue();
        write("X.npy", DataFiles.npy("<f4", false, floats, 20, 3, 2));
        assertThat(Datasets.load("npy", x, 0).train().image()).isEqualTo(Shape.of(1, 3, 2));
        assertThat(Datasets.hasFeatures("npy", folder)).isFalse();
        write("X.npy", DataFiles.npy("<f4", false, floats, 20, 1, 3, 2));
        assertThat(Datasets.load("npy", folder, 0).train().image()).isEqualTo(Shape.of(1, 3, 2));
        write("X.npy", images(20, 6));
        assertThat(Datasets.load("npy", folder, 0).train().pixels().type())
                .as("features are floats, whatever they are saved as")
                .isEqualTo(DataType.F32);
    }

    /** As CIFAR-10-C lies on a disk: arrays of images by the names of their damages, and one of labels. */
    @Test
    void aFileToTestOn() throws IOException {
        Path fog = write("fog.npy", images(6, 4, 4, 3));
        write("frost.npy", images(6, 4, 4, 3));
        write("labels.npy", labels(6));
        List<String> names = List.of("cat", "dog", "bird");
        ImageSet test = Datasets.test(fog, CsvTable.Columns.USUAL, Shape.of(3, 4, 4), names, note -> {});
        assertThat(test.count()).isEqualTo(6);
        assertThat(test.labels()).containsExactly(0, 1, 2, 0, 1, 2);
        assertThat(test.classNames()).isEqualTo(names);
        assertThat(test.pixels().bytes()[16])
                .as("the second channel's first pixel")
                .isEqualTo((byte) 1);
        Path cubes = write("cubes.npy", images(6, 3, 4, 3));
        assertThatThrownBy(() -> Datasets.test(cubes, CsvTable.Columns.USUAL, Shape.of(3, 4, 4), names, note -> {}))
                .hasMessage("Whether channels are first or last in the array " + cubes
                        + " of shape (6, 3, 4, 3) cannot be told; reshape it to features, (N, D).");
        assertThat(Datasets.test(cubes, CsvTable.Columns.USUAL, Shape.of(3, 4, 3), names, note -> {})
                        .count())
                .isEqualTo(6);
    }

    @Test
    void badArraysAreRefused() throws IOException {
        assertRefused(
                DataFiles.npy("<c8", false, new byte[16], 2), "is of numpy's type '<c8', but integers and floats");
        assertRefused(DataFiles.npy("|O", false, new byte[16], 2), "is of numpy's type '|O'");
        assertRefused(DataFiles.npy("<f4", false, new byte[7], 2), "is cut short");
        assertRefused(DataFiles.npy("<f4", false, new byte[9], 2), "is longer than its header says");
        assertRefused(DataFiles.npy("<f4", false, new byte[0], 0, 3), "has the shape (0, 3,), of which there are no");
        assertRefused(DataFiles.npy("<f4", false, new byte[0], 1 << 20, 1 << 20), "there are no numbers or too many");
        assertRefused("x,y\n1,2\n3,4\n5,6\n".getBytes(StandardCharsets.UTF_8), "is not one of numpy's");
        byte[] nan = {0, 0, (byte) 0xC0, 0x7F, 0, 0, 0, 0};
        assertRefused(DataFiles.npy("<f4", false, nan, 2, 1), "sample 0 has NaN as number 0");
        assertRefused(
                DataFiles.npy("|u1", false, new byte[4], 2, 1, 1, 1, 2), "has the shape (2, 1, 1, 1, 2), but samples");
        assertRefused(
                images(3, 2), "has 3 samples, and " + folder.resolve("y.npy") + " 2 labels; give each sample one.");
    }

    private void assertRefused(byte[] samples, String says) throws IOException {
        write("y.npy", labels(2));
        Path x = write("x.npy", samples);
        assertThatThrownBy(() -> Datasets.load("npy", x, 0))
                .isInstanceOf(KibFailure.class)
                .hasMessageContaining(says);
    }

    @Test
    void labelsThatAreNoneAreRefused() throws IOException {
        Path x = write("x.npy", images(20, 2));
        assertThatThrownBy(() -> Datasets.load("npy", x, 0))
                .hasMessage("The labels of " + x
                        + " are not found: there must be one labels.npy or y.npy beside it, but there is none.");
        write("y.npy", DataFiles.npy("<f4", false, new byte[80], 20));
        assertThatThrownBy(() -> Datasets.load("npy", x, 0))
                .hasMessageContaining("of shape (20), of floats, holds no labels");
        write("y.npy", images(20, 3));
        assertThatThrownBy(() -> Datasets.load("npy", x, 0)).hasMessageContaining("of shape (20, 3) holds no labels");
        write("labels.npy", labels(20));
        assertThatThrownBy(() -> Datasets.load("npy", folder, 0))
                .hasMessage(
                        "Which array of " + folder + " has the labels cannot be told: there must be one by a name such"
                                + " as y, but there are labels, x, y.");
        assertThatThrownBy(() -> Datasets.load("npy", folder.resolve("labels.npy"), 0))
                .hasMessageEndingWith("has labels by its name; name the one of the samples.");
    }
}
