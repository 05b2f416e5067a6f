package io.github.kib4j.datasets;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.kib4j.datasets.Comparison.Verdict;
import io.github.kib4j.testkit.DataFiles;
import io.github.kib4j.testkit.Pickles;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a publisher's file holds is told from how it is packed. */
final class ComparisonTest {
    private static final Path DEBIAN = Path.of("/usr/share/datasets/fashion-mnist");

    @TempDir
    Path folder;

    private static byte[] labels(int count) {
        return DataFiles.idx(i -> 0, count);
    }

    private void write(String name, byte[] bytes) throws IOException {
        DataFiles.write(folder.resolve(name), bytes);
    }

    @Test
    void otherDataAreToldByTheirContent() throws IOException {
        write("train-labels-idx1-ubyte.gz", labels(3));
        write("t10k-labels.idx1-ubyte", labels(3));
        List<Comparison> files = Datasets.compare("mnist", folder);
        assertThat(files).extracting(Comparison::verdict).containsExactly(Verdict.DIFFERENT, Verdict.DIFFERENT);
        assertThat(files.get(0).toString())
                .startsWith("train-labels-idx1-ubyte.gz: not its publisher's data (the content has MD5 sum ")
                .endsWith(", not a25bea736e30d166cdddb491f175f624)");
        assertThat(Datasets.compare("kmnist", folder))
                .as("no sums of its content are known")
                .extracting(Comparison::verdict)
                .containsExactly(Verdict.UNKNOWN, Verdict.UNKNOWN);
    }

    /** CIFAR-10's list of names is small enough to be written here as its publisher did. */
    @Test
    void publishersFilesAreToldToTheByte() throws IOException {
        Map<String, Object> names = new LinkedHashMap<>();
        names.put("num_cases_per_batch", 10_000);
        names.put("label_names", Published.CIFAR10.classNames());
        names.put("num_vis", 3072);
        write("batches.meta", Pickles.of(names));
        write("data_batch_1", new byte[5]);
        assertThat(Datasets.compare("cifar10", folder))
                .extracting(Comparison::file, Comparison::verdict)
                .containsExactly(
                        org.assertj.core.api.Assertions.tuple("data_batch_1", Verdict.DIFFERENT),
                        org.assertj.core.api.Assertions.tuple("batches.meta", Verdict.PUBLISHED));
    }

    @Test
    void anArchivePackedAnewHasNothingToCompare() throws IOException {
        write("cifar-10-binary.tar.gz", new byte[1024]);
        assertThat(Datasets.compare("cifar10", folder))
                .singleElement()
                .extracting(Comparison::verdict)
                .isEqualTo(Verdict.UNKNOWN);
    }

    @Test
    void debiansFashionMnistIsItsPublishersPackedAnew() throws IOException {
        Assumptions.assumeTrue(Files.isDirectory(DEBIAN), "Debian's dataset-fashion-mnist is installed");
        assertThat(Datasets.compare("fashion-mnist", DEBIAN))
                .hasSize(4)
                .allMatch(file -> file.verdict() == Verdict.SAME_CONTENT)
                .allMatch(file -> file.toString().endsWith(".gz: its publisher's data, packed anew"));
        assertThat(Datasets.recognise(DEBIAN).dataset()).isEqualTo("fashion-mnist");
        Path plain = folder.resolve("train-labels-idx1-ubyte");
        try (OutputStream out = Files.newOutputStream(plain)) {
            Bytes.open(Files.newInputStream(DEBIAN.resolve(plain.getFileName() + ".gz")))
                    .transferTo(out);
        }
        assertThat(Datasets.compare("fashion-mnist", folder).get(0).toString())
                .isEqualTo("train-labels-idx1-ubyte: its publisher's data, unpacked");
    }
}
