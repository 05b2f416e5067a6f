package io.github.kib4j.datasets;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.github.kib4j.files.Npy;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.testkit.Mutations;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Samples that a network is asked about: read, or refused with the place and what to do. */
final class SampleStreamTest {
    private static final int MILLISECONDS = 1500;
    private static final Shape TWO = Shape.of(2, 1, 1);

    @TempDir
    Path folder;

    /** Writes down what it is given: {@code name:[numbers]}. */
    private static final class Heard implements SampleStream.Taker {
        private final List<String> samples = new ArrayList<>();

        @Override
        public void take(String name, byte[] sample) {
            samples.add(name + ":" + Arrays.toString(sample));
        }

        @Override
        public void take(String name, float[] sample) {
            samples.add(name + ":" + Arrays.toString(sample));
        }
    }

    private static List<String> piped(DataType type, String without, byte[] bytes) {
        Heard heard = new Heard();
        List<String> columns = without.isEmpty() ? List.of() : List.of(without.split(","));
        new SampleStream(TWO, type, columns, heard).read(new ByteArrayInputStream(bytes));
        return heard.samples;
    }

    private static List<String> piped(DataType type, String without, String text) {
        return piped(type, without, text.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void tablesHaveNamesOrNoneAndColumnsThatAreNoInput() {
        assertThat(piped(DataType.F32, "", "a,b\n1,-2e-1\n\n3.5,4\n")).containsExactly("2:[1.0, -0.2]", "4:[3.5, 4.0]");
        assertThat(piped(DataType.F32, "", "\uFEFF1,2\r\n3,4")).containsExactly("1:[1.0, 2.0]", "2:[3.0, 4.0]");
        assertThat(piped(DataType.F32, "id,3", "id,x,note,\"y, or \"\"z\"\"\"\nrow 1, 1 ,\"a,b\",2\n"))
                .containsExactly("2:[1.0, 2.0]");
        assertThat(piped(DataType.F32, "1", "7,1,2\n8,3,4\n"))
                .as("a first line of numbers names nothing")
                .containsExactly("1:[1.0, 2.0]", "2:[3.0, 4.0]");
        assertThat(piped(DataType.U8, "", "0,255\n")).containsExactly("1:[0, -1]");
        assertThat(piped(DataType.U8, "", "")).isEmpty();
    }

    @Test
    void linesOfJsonAreListsOrObjects() {
        String lines =
                "[1, 2]\n [[[0.5]],[[1e2]]] \n{\"id\": \"cat\", \"input\": [3, 4]}\n{\"features\":[5,6],\"id\":9}\n";
        assertThat(piped(DataType.F32, "", lines))
                .containsExactly("1:[1.0, 2.0]", "2:[0.5, 100.0]", "cat:[3.0, 4.0]", "9:[5.0, 6.0]");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '\u0001',
            value = {
                "1,2,3 | Line 1 of the input has 3 numbers, but the network reads 2 (2 x 1 x 1); leave columns out",
                "1,2;3 | Line 2 of the input has 1 cells, and others have 2",
                "a,b;1,x | Line 2 of the input has 'x' in column b; give a number, or leave the column out",
                "1,2;3, | Line 2 of the input has '' in column 2; give a number",
                "1,NaN | Line 1 of the input has the number NaN; give numbers that are finite",
                "1,1e60 | Line 1 of the input has the number 1.0E60; give numbers that are finite",
                "1,\"2 | Line 1 of the input ends within quotes",
                "[1, 2;3] | Line 1 of the input is no JSON (expected more text at offset 5)",
                "[1] | Line 1 of the input has 1 numbers, but the network reads 2",
                "[1, \"x\"] | Line 1 of the input has x where a number is expected",
                "{\"x\": 1} | Line 1 of the input has neither input nor features",
            })
    void whatIsNoSampleIsRefusedWithItsPlace(String text, String says) {
        assertThatThrownBy(() -> piped(DataType.F32, "", text.replace(';', '\n')))
                .isInstanceOf(DatasetException.class)
                .hasMessageStartingWith(says)
                .hasMessageEndingWith(".");
    }

    @Test
    void bytesAreWholeNumbersAndColumnsAreThere() {
        for (String number : List.of("256", "-1", "0.5")) {
            assertThatThrownBy(() -> piped(DataType.U8, "", "1," + number))
                    .isInstanceOf(DatasetException.class)
                    .hasMessageEndingWith("; give whole numbers from 0 to 255.");
        }
        assertThatThrownBy(() -> piped(DataType.F32, "y", "a,b,c\n"))
                .hasMessage(
                        "There is no column 'y' in the input, whose first line has 3 cells; name one of them, or its"
                                + " number.");
        assertThatThrownBy(() -> piped(DataType.F32, "", new byte[] {'1', ',', (byte) 0xff}))
                .hasMessageContaining("it is no text in UTF-8");
    }

    private Path image(String name, int width, int height, int colour) throws IOException {
        BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        image.setRGB(0, 0, colour);
        File file = folder.resolve(name).toFile();
        ImageIO.write(image, "png", file);
        return file.toPath();
    }

    private static List<String> read(Shape shape, DataType type, Path file) {
        Heard heard = new Heard();
        new SampleStream(shape, type, List.of(), heard).read(file);
        return heard.samples;
    }

    @Test
    void imagesAreColoursOrGray() throws IOException {
        Path gray = image("gray.png", 2, 1, 0x070707);
        Path red = image("red.png", 2, 1, 0x090000);
        assertThat(read(Shape.of(3, 1, 2), DataType.U8, gray)).containsExactly(gray + ":[7, 0, 7, 0, 7, 0]");
        assertThat(read(Shape.of(1, 1, 2), DataType.U8, gray)).containsExactly(gray + ":[7, 0]");
        assertThat(read(Shape.of(3, 1, 2), DataType.U8, folder))
                .as("a folder's, in the order of their names")
                .containsExactly(gray + ":[7, 0, 7, 0, 7, 0]", red + ":[9, 0, 0, 0, 0, 0]");
        assertThatThrownBy(() -> read(Shape.of(1, 1, 2), DataType.U8, red))
                .hasMessage(
                        "The image " + red + " is 3 x 1 x 2, but the network reads 1 x 1 x 2; scale or convert it.");
        assertThatThrownBy(() -> read(Shape.of(3, 2, 1), DataType.U8, gray))
                .hasMessageContaining("is 3 x 1 x 2 (gray), but the network reads 3 x 2 x 1");
        assertThatThrownBy(() -> read(Shape.of(3, 1, 2), DataType.F32, gray))
                .hasMessageContaining("was trained on numbers as they are");
    }

    @Test
    void filesAreKnownByTheirEndings() throws IOException {
        Path table = Files.writeString(folder.resolve("a.CSV"), "[x,y\n1,2\n");
        assertThat(read(TWO, DataType.F32, table)).as("no JSON by its ending").containsExactly("2:[1.0, 2.0]");
        Path json = Files.writeString(folder.resolve("a.jsonl"), "[1,2]\n");
        assertThat(read(TWO, DataType.F32, json)).containsExactly("1:[1.0, 2.0]");
        Path other = Files.writeString(folder.resolve("a.txt"), "1,2\n");
        assertThatThrownBy(() -> read(TWO, DataType.F32, other)).hasMessageContaining("is not clear from its ending");
        assertThatThrownBy(() -> read(TWO, DataType.F32, folder.resolve("none.csv")))
                .hasMessage("There is no file " + folder.resolve("none.csv") + "; name one that exists.");
        assertThatThrownBy(() -> read(TWO, DataType.F32, folder)).hasMessageContaining("has no PNG");
    }

    private Path array(String name, DataType type, Shape shape, ByteBuffer numbers) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        byte[] header = Npy.header(type == DataType.U8 ? DataType.F32 : type, shape);
        out.write(
                type == DataType.U8
                        ? new String(header, StandardCharsets.ISO_8859_1)
                                .replace("<f4", "|u1")
                                .getBytes(StandardCharsets.ISO_8859_1)
                        : header);
        out.write(numbers.array());
        return Files.write(folder.resolve(name), out.toByteArray());
    }

    @Test
    void arraysAreOfBytesOrFloats() throws IOException {
        ByteBuffer floats = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN);
        floats.asFloatBuffer().put(new float[] {1, 2, 3, 0.5f});
        Path table = array("table.npy", DataType.F32, Shape.of(2, 2), floats);
        assertThat(read(TWO, DataType.F32, table)).containsExactly("0:[1.0, 2.0]", "1:[3.0, 0.5]");
        assertThat(read(Shape.of(1, 1, 2), DataType.U8, table))
                .as("floats from 0 to 1, for bytes")
                .hasSize(2);
        byte[] pixels = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
        Path last = array("last.npy", DataType.U8, Shape.of(2, 1, 2, 3), ByteBuffer.wrap(pixels));
        assertThat(read(Shape.of(3, 1, 2), DataType.U8, last))
                .containsExactly("0:[1, 4, 2, 5, 3, 6]", "1:[7, 10, 8, 11, 9, 12]");
        assertThatThrownBy(() -> read(Shape.of(3, 1, 2), DataType.F32, last))
                .hasMessageContaining("is of bytes, but the network was trained on floats");
        assertThatThrownBy(() -> read(Shape.of(3, 1, 1), DataType.F32, table))
                .hasMessage("The array " + table
                        + " has samples of 2 x 1 x 1, but the network reads 3 x 1 x 1; give it an" + " array of such.");
        floats.asFloatBuffer().put(3, Float.NaN);
        Path none = array("none.npy", DataType.F32, Shape.of(2, 2), floats);
        assertThatThrownBy(() -> read(TWO, DataType.F32, none))
                .hasMessage("Sample 1 of the array " + none + " has the number NaN; give numbers that are finite.");
    }

    /** An array of floats, or what is left of one. */
    @FuzzTest(maxDuration = "3m")
    void arrays(byte[] bytes) throws IOException {
        Path file = Files.createTempFile("kib-fuzz", ".npy");
        try {
            Files.write(file, bytes);
            assertThat(read(TWO, DataType.F32, file)).allMatch(sample -> sample.endsWith("]"));
        } catch (DatasetException e) {
            assertThat(e.getMessage().replaceAll("'.*'", "")).endsWith(".").doesNotContain("Exception");
        } finally {
            Files.delete(file);
        }
    }

    @FuzzTest(maxDuration = "3m")
    void lines(byte[] bytes) {
        for (DataType type : List.of(DataType.U8, DataType.F32)) {
            try {
                assertThat(piped(type, "1", bytes)).allMatch(sample -> sample.endsWith("]"));
            } catch (DatasetException e) {
                String own = e.getMessage().replaceAll("'.*'", ""); // without what it quotes
                assertThat(own).endsWith(".").doesNotContain("Exception");
            }
        }
    }

    @Test
    void randomVariants() {
        List<byte[]> seeds = Stream.of("id,a,b\n1,2,3\n\"x\",5e-3,6\n", "[1, 2]\n{\"id\": 3, \"input\": [[4], [5]]}\n")
                .map(text -> text.getBytes(StandardCharsets.UTF_8))
                .toList();
        assertThat(Mutations.read(seeds, MILLISECONDS, this::lines)).isPositive();
        byte[] array = Arrays.copyOf(Npy.header(DataType.F32, Shape.of(2, 2)), 128 + 16);
        assertThat(Mutations.read(List.of(array), MILLISECONDS, this::arrays)).isPositive();
    }
}
