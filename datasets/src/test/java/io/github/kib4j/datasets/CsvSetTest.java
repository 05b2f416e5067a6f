package io.github.kib4j.datasets;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.kib4j.data.Dataset;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.testkit.DataFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Tables: what they are read as, and what is said of those that are none. */
final class CsvSetTest {
    @TempDir
    Path folder;

    private Path write(String name, String text) throws IOException {
        return Files.writeString(folder.resolve(name), text);
    }

    private static String rows(int count) {
        StringBuilder rows = new StringBuilder("a,b,label\n");
        for (int i = 0; i < count; i++) {
            rows.append(i).append(',').append(i * i).append(',').append(i % 3).append('\n');
        }
        return rows.toString();
    }

    @Test
    void fieldsAreQuotedAndSpacedAndColumnsLeftOut() throws IOException {
        String text = "\uFEFF\"id\", \"width, in cm\" ,kind\r\n7,1.5,\"a \"\"big\"\" one\"\r\n\r\n8, -2e-1 ,small\r\n";
        CsvTable table = CsvTable.read(write("t.csv", text), new CsvTable.Columns("kind", List.of("id")));
        assertThat(table.features()).containsExactly("width, in cm");
        assertThat(table.numbers()).containsExactly(1.5f, -0.2f);
        assertThat(table.labels()).containsExactly("a \"big\" one", "small");
        CsvTable all = CsvTable.unlabelled(write("u.csv", "x;y\n1;2\n"), List.of());
        assertThat(all.features()).containsExactly("x", "y");
        assertThat(all.numbers()).containsExactly(1, 2);
        assertThat(all.labels()).isEmpty();
        assertThat(CsvTable.unlabelled(write("u.tsv", "x\ty\n1\t2\n"), List.of("y"))
                        .features())
                .containsExactly("x");
        Path zipped = Files.write(
                folder.resolve("z.csv.gz"), DataFiles.gzip("x,Class\n3,b\n4,a\n".getBytes(StandardCharsets.UTF_8)));
        assertThat(CsvTable.read(zipped, CsvTable.Columns.USUAL).labels()).containsExactly("b", "a");
    }

    /** A tenth is for testing, always the same; the rest says how features are normalized. */
    @Test
    void aTableIsSplit() throws IOException {
        Path file = write("numbers.csv", rows(50));
        Dataset set = Datasets.load("csv", file, 0);
        assertThat(Datasets.recognise(file))
                .hasToString("The data set in " + file + " is csv: by the name of its table.");
        assertThat(set.train().count()).isEqualTo(45);
        assertThat(set.test().count()).isEqualTo(5);
        assertThat(set.train().classNames()).containsExactly("0", "1", "2");
        double mean = IntStream.range(0, 45)
                .mapToDouble(i -> set.train().pixels().value(2 * i))
                .average()
                .orElseThrow();
        assertThat(set.mean().get(0)).isCloseTo(mean, within(1e-12));
        assertThat(Datasets.load("csv", file, 3).test().pixels().floats())
                .isEqualTo(set.test().pixels().floats());
        Dataset fewer = Datasets.load("csv", file, 0, new Selection(true, 9, 3), note -> {});
        assertThat(fewer.train().labels()).containsExactlyInAnyOrder(0, 0, 0, 1, 1, 1, 2, 2, 2);
        assertThat(fewer.test().count()).isEqualTo(3);
    }

    /** The columns of the test table may stand in another order, and validation may have a table of its own. */
    @Test
    void tablesOfParts() throws IOException {
        write("train.csv", "a,b,label\n1,10,yes\n2,20,no\n3,30,no\n");
        write("my-test.csv", "label,b,a\nno,200,100\n");
        write("val.csv", "b,a,label\n2,1,yes\n");
        write("notes.txt", "no table");
        Dataset set = Datasets.load("csv", folder, 0);
        assertThat(Datasets.recognise(folder).dataset()).isEqualTo("csv");
        assertThat(set.train().classNames()).containsExactly("no", "yes");
        assertThat(set.test().pixels().floats()).containsExactly(100, 200);
        assertThat(set.mean()).containsExactly(2.0, 20.0);
        Dataset validated = Datasets.load("csv", folder, 0, new Selection(true, 0, 0), note -> {});
        assertThat(validated.test().pixels().floats()).containsExactly(1, 2);
    }

    /** For a network of other names labels are numbers of its classes. */
    @Test
    void aTableToTestOn() throws IOException {
        Path file = write("new.csv", "a,b,label\n1,10,2\n2,20,0\n");
        List<String> names = List.of("cat", "dog", "bird");
        assertThat(Datasets.isTestFile(file)).isTrue();
        assertThat(Datasets.test(file, CsvTable.Columns.USUAL, Shape.of(2, 1, 1), names, note -> {})
                        .labels())
                .containsExactly(2, 0);
        Path named = write("named.csv", "a,b,label\n1,10,dog\n");
        assertThat(Datasets.test(named, CsvTable.Columns.USUAL, Shape.of(2, 1, 1), names, note -> {})
                        .labels())
                .containsExactly(1);
        Path odd = write("odd.csv", "a,b,label\n1,10,3\n");
        assertThatThrownBy(() -> Datasets.test(odd, CsvTable.Columns.USUAL, Shape.of(2, 1, 1), names, note -> {}))
                .hasMessage("The label '3' of " + odd
                        + " is no class that the network learned, nor the number of one: cat, dog, bird.");
        assertThatThrownBy(() -> Datasets.test(odd, CsvTable.Columns.USUAL, Shape.of(3, 1, 1), names, note -> {}))
                .hasMessage("The samples of " + odd
                        + " are 2 x 1 x 1, but the network reads 3 x 1 x 1; give it the like of what it learned.");
    }

    static Stream<Arguments> bad() {
        return Stream.of(
                Arguments.of("", "has no row, not even a header; name another."),
                Arguments.of("a,label\n", "has no row below its header; name another."),
                Arguments.of("a,b\n1,2\n", "cannot be told; name one of 'a', 'b'."),
                Arguments.of("y,label\n1,2\n", "cannot be told; name one of 'y', 'label'."),
                Arguments.of(
                        "a,a,label\n1,2,3\n", "has two columns 'a'; the first line must name each, by another name."),
                Arguments.of("label\n1\n", "has no column of numbers beside the classes; its columns are 'label'."),
                Arguments.of("a,label\n1,x\n2\n", "has 1 field in line 3, but its header 2; mend that line."),
                Arguments.of(
                        "a,b,label\n1,2,x\n1,,y\n",
                        "has no value in line 3, column 'b'; fill it in, or leave out the row or the column."),
                Arguments.of("a,label\nNaN,x\n", "has no value in line 2, column 'a' ('NaN'); fill it in"),
                Arguments.of("a,label\n1,x\nParis,y\n", "has no number in line 3, column 'a', but 'Paris'; write it"),
                Arguments.of("a,label\n0x1p3,x\n", "has no number in line 2, column 'a', but '0x1p3'"),
                Arguments.of("a,label\n1e39,x\n", "has 1e39 in line 2, column 'a', more than single precision holds"),
                Arguments.of(
                        "a,label\n1,\n", "has no class in line 2, column 'label'; fill it in, or leave out the row."),
                Arguments.of("a,label\n\"1,x\n", "a quoted field does not end, or text follows its end"),
                Arguments.of("a,label\n\"1\"2,x\n", "a quoted field does not end, or text follows its end"));
    }

    @ParameterizedTest
    @MethodSource("bad")
    void badTablesAreRefused(String text, String says) throws IOException {
        Path file = write("bad.csv", text);
        assertThatThrownBy(() -> CsvTable.read(file, CsvTable.Columns.USUAL))
                .isInstanceOf(DatasetException.class)
                .hasMessageContaining(file.toString())
                .hasMessageContaining(says);
    }

    @Test
    void columnsThatAreNotThereAreRefused() throws IOException {
        Path file = write("t.csv", "a,label\n1,x\n");
        assertThatThrownBy(() -> CsvTable.read(file, new CsvTable.Columns("kind", List.of())))
                .hasMessage("The file " + file + " has no column 'kind'; its columns are 'a', 'label'.");
        assertThatThrownBy(() -> CsvTable.read(file, new CsvTable.Columns(null, List.of("id"))))
                .hasMessage("The file " + file + " has no column 'id' to leave out; it has 'a', 'label'.");
        Files.write(file, new byte[] {'a', ',', 'y', '\n', (byte) 0xFF, ',', '1', '\n'});
        assertThatThrownBy(() -> CsvTable.read(file, CsvTable.Columns.USUAL))
                .hasMessageContaining("it is no text in UTF-8");
    }

    @Test
    void partsThatDoNotFitAreRefused() throws IOException {
        write("train.csv", "a,label\n1,x\n2,y\n");
        Path test = write("test.csv", "b,label\n1,x\n");
        assertThatThrownBy(() -> Datasets.load("csv", folder, 0))
                .hasMessage("The files " + folder.resolve("train.csv") + " and " + test
                        + " have different columns: the first has 'a', the second 'b'; give both the same.");
        write("more.csv", "b,label\n1,x\n");
        assertThatThrownBy(() -> Datasets.load("csv", folder, 0))
                .hasMessage("Which table of " + folder
                        + " is to be learned cannot be told (it has more.csv, test.csv, train.csv); name a file, or call"
                        + " them train.csv and test.csv.");
        Path few = write("few.csv", "a,label\n1,x\n2,y\n");
        assertThatThrownBy(() -> Datasets.load("csv", few, 0))
                .hasMessageContaining("The validation split needs at least 10 training images");
        Path same = write("same.csv", rows(20).replaceAll(",[012]\n", ",7\n"));
        assertThatThrownBy(() -> Datasets.load("csv", same, 0))
                .hasMessage("All samples of " + same + " have the label '7', but there must be at least 2 classes.");
        StringBuilder prices = new StringBuilder("a,y\n");
        for (int i = 0; i < 60; i++) {
            prices.append(i).append(',').append(i / 7.0).append('\n');
        }
        Path regression = write("prices.csv", prices.toString());
        assertThatThrownBy(() -> Datasets.load("csv", regression, 0))
                .hasMessage("The 60 samples of " + regression
                        + " have 60 different labels, for example '0.0': these are no classes; name the column that has"
                        + " them.");
        assertThatThrownBy(() -> Datasets.load("csv", null, 0)).hasMessageContaining("needs a place");
        assertThatThrownBy(() -> Datasets.load("csv", folder.resolve("none.csv"), 0))
                .hasMessageContaining("There is no " + folder.resolve("none.csv"));
    }

    @Test
    void classesAreInTheOrderOfNumbers() throws IOException {
        StringBuilder text = new StringBuilder("a,y\n");
        IntStream.range(0, 40)
                .forEach(i -> text.append(i).append(',').append(i % 4 * 5 - 5).append('\n'));
        Dataset set = Datasets.load("csv", write("t.csv", text.toString()), 0);
        assertThat(set.train().classNames()).containsExactly("-5", "0", "5", "10");
        assertThat(Arrays.stream(set.train().labels()).max().orElseThrow()).isEqualTo(3);
    }
}
