package io.github.kib4j.experiment;

import io.github.kib4j.data.Dataset;
import io.github.kib4j.data.ImageSet;
import io.github.kib4j.files.DurableFiles;
import io.github.kib4j.files.Npy;
import io.github.kib4j.model.Model;
import io.github.kib4j.model.Samples;
import io.github.kib4j.op.Device;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.Shape;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a hidden layer of a run's checkpoint says of images, as NumPy's arrays.
 *
 * @param rule that the network learned by
 * @param images how many
 * @param width numbers of an image's code
 */
public record RunCodes(String rule, int images, int width) {
    /**
     * Whose codes are written, and where to.
     *
     * @param rule one of the run's rules; null for the one there is
     * @param layer of the network, from 1
     * @param training whether images are those for training, in the data set's order; else for testing
     * @param codes a file for {@code [images, width]} in single precision
     * @param labels a file for {@code [images]} labels, 32-bit integers; null for none
     */
    public record Wanted(
            @Nullable String rule,
            int layer,
            boolean training,
            Path codes,
            @Nullable Path labels) {}

    /**
     * Computes and writes them.
     *
     * @param run its folder, or that of one of its rules
     * @param given settings of the machine or the data that replace the run's
     * @param wanted whose codes, and where to
     * @param listener is told sentences
     * @return what was written
     * @throws UsageException if the folder is no run's, or the run has no such layer
     * @throws io.github.kib4j.datasets.DatasetException if the data are missing or damaged
     * @throws IOException if a checkpoint cannot be read, or a file not be written, which is then as it was
     */
    public static RunCodes write(Path run, Settings given, Wanted wanted, RunListener listener) throws IOException {
        RunPlan plan = new RunPlan(new RunFolder(run).settings().setAll(given));
        var saved = Model.read(run, wanted.rule());
        int layers = saved.network().hidden().size();
        if (wanted.layer() < 1 || wanted.layer() > layers) {
            throw new UsageException("--layer must be from 1 to " + layers + ", the hidden layers there are, but is "
                    + wanted.layer() + ".");
        }
        saved.passedOver().forEach(listener::say);
        Dataset dataset = plan.dataset(listener::say);
        ImageSet images = wanted.training() ? dataset.train() : dataset.test();
        if (!images.image().equals(saved.network().input())) {
            throw new UsageException("The network of the run in " + run + " reads images of "
                    + saved.network().input() + ", but those of " + dataset.name() + " are " + images.image() + ".");
        }
        Optional.ofNullable(ThreadCount.of(plan.settings()).note()).ifPresent(listener::say);
        try (Device device = plan.device().device();
                Model model = Model.load(device, saved)) {
            int width = model.codeWidth(wanted.layer() - 1);
            DurableFiles.replace(wanted.codes(), out -> {
                out.write(Npy.header(DataType.F32, Shape.of(images.count(), width)));
                try {
                    model.codes(wanted.layer() - 1, Samples.of(images.pixels()), (first, rows, ofRow) -> {
                        ByteBuffer bytes =
                                ByteBuffer.allocate(Float.BYTES * rows.length).order(ByteOrder.LITTLE_ENDIAN);
                        bytes.asFloatBuffer().put(rows);
                        try {
                            out.write(bytes.array());
                        } catch (IOException e) {
                            throw new UncheckedIOException(e);
                        }
                    });
                } catch (UncheckedIOException e) {
                    throw e.getCause();
                }
            });
            Path labels = wanted.labels();
            if (labels != null) {
                writeLabels(labels, images.labels());
            }
            return new RunCodes(saved.rule(), images.count(), width);
        }
    }

    private static void writeLabels(Path file, int[] labels) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(Integer.BYTES * labels.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asIntBuffer().put(labels);
        DurableFiles.replace(file, out -> {
            out.write(Npy.header(DataType.I32, Shape.of(labels.length)));
            out.write(bytes.array());
        });
    }
}
