package io.github.kib4j.experiment;

import io.github.kib4j.model.Logits;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.stream.Collectors;

/**
 * A table of predictions: {@code index, label, label_name, predicted, predicted_name} and a column {@code probability_NAME} for
 * each class, the softmax of the logits. Until it is finished it is beside its place, under a name that ends in {@code .new}.
 */
final class PredictionsFile implements AutoCloseable {
    private final Path file;
    private final Path unfinished;
    private final List<String> names;
    private final BufferedWriter writer;

    PredictionsFile(Path file, List<String> names) throws IOException {
        this.file = file;
        this.names = names;
        unfinished = file.resolveSibling(file.getFileName() + ".new");
        writer = Files.newBufferedWriter(unfinished, StandardCharsets.UTF_8);
        writer.write("index,label,label_name,predicted,predicted_name,"
                + names.stream().map(name -> Csv.cell("probability_" + name)).collect(Collectors.joining(","))
                + "\n");
    }

    /** Writes the rows of a batch: {@code [B]} labels and {@code [B, M]} logits of the images from {@code first} on. */
    void add(int first, int[] labels, float[] logits) {
        try {
            for (int b = 0; b < labels.length; b++) {
                int predicted = Logits.largest(logits, b, names.size());
                writer.write(first + b + "," + labels[b] + "," + Csv.cell(names.get(labels[b])) + "," + predicted + ","
                        + Csv.cell(names.get(predicted)));
                for (double probability : Logits.softmax(logits, b, names.size())) {
                    writer.write("," + (float) probability);
                }
                writer.write('\n');
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Puts the whole table in its place. */
    void finish() throws IOException {
        writer.close();
        Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    /** Removes what was not finished. */
    @Override
    public void close() throws IOException {
        writer.close();
        Files.deleteIfExists(unfinished);
    }
}
