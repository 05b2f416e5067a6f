package io.github.kib4j.export;

import io.github.kib4j.checkpoint.CheckpointException;
import io.github.kib4j.checkpoint.SavedModel;
import io.github.kib4j.files.DurableFiles;
import io.github.kib4j.files.Npy;
import io.github.kib4j.files.Safetensors;
import io.github.kib4j.tensor.DataType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** Writes a saved model in others' formats. A file is there whole, or as it was before. */
public final class Export {
    private Export() {}

    /**
     * Writes a network in the format ONNX (operator set 17), which computes what evaluation does, in single precision: from {@code
     * input [batch, C, H, W]}, floats that a byte's pixel is divided by 255 for, and that are normalized in the network, to {@code
     * logits [batch, M]} and {@code probabilities [batch, M]}. The metadata have {@code class_names}, a list in JSON.
     *
     * @param model the network
     * @param file is written
     * @throws CheckpointException if the checkpoint does not say what is needed
     * @throws IOException if the file system refuses
     */
    public static void onnx(SavedModel model, Path file) throws IOException {
        DurableFiles.replace(file, new OnnxNetwork(model).message()::writeTo);
    }

    /**
     * Writes the weights that evaluation uses, by PyTorch's names and shapes, in the format safetensors.
     *
     * @param model the network
     * @param file is written
     * @throws IOException if the file system refuses
     */
    public static void safetensors(SavedModel model, Path file) throws IOException {
        Path temporary = file.resolveSibling(file.getFileName() + ".new");
        try {
            Safetensors.write(temporary, model.weights());
            DurableFiles.rename(temporary, file);
        } catch (IOException e) {
            DurableFiles.deleteAfter(e, temporary);
            throw e;
        }
    }

    /**
     * Writes the weights that evaluation uses, by PyTorch's names and shapes, as NumPy's {@code .npz}.
     *
     * @param model the network
     * @param file is written
     * @throws IOException if the file system refuses
     */
    public static void npz(SavedModel model, Path file) throws IOException {
        DurableFiles.replace(file, out -> {
            ZipOutputStream zip = new ZipOutputStream(out);
            for (Map.Entry<String, Safetensors.Array> entry : model.weights().entrySet()) {
                Safetensors.Array array = entry.getValue();
                DataType type = array.type() == DataType.F64 ? DataType.F64 : DataType.F32;
                ZipEntry file1 = new ZipEntry(entry.getKey() + ".npy");
                file1.setTime(0); // the same weights give the same file
                zip.putNextEntry(file1);
                zip.write(Npy.header(type, array.shape()));
                ByteBuffer data = array.data().duplicate().clear();
                byte[] bytes = new byte[data.capacity()];
                data.get(bytes);
                zip.write(bytes);
                zip.closeEntry();
            }
            zip.finish();
        });
    }
}
