package io.github.kib4j.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.kib4j.datasets.SampleStream;
import io.github.kib4j.experiment.Csv;
import io.github.kib4j.model.Logits;
import io.github.kib4j.model.Model;
import io.github.kib4j.model.Samples;
import io.github.kib4j.tensor.DataType;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Writes a line for each sample: what it is called, its class, and how probable that is. */
final class PredictedRows implements SampleStream.Taker {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Model model;
    private final boolean json;
    private final boolean all;
    private final OutputStream out;
    private final int width;
    private final List<String> names = new ArrayList<>();
    /** Of samples that wait for a batch to be full: bytes, or floats. */
    private final byte[] bytes;

    private final float[] floats;
    private DataType type = DataType.U8;
    private boolean begun;

    PredictedRows(Model model, boolean json, boolean all, OutputStream out) {
        this.model = model;
        this.json = json;
        this.all = all;
        this.out = out;
        width = Math.toIntExact(model.sample().size());
        bytes = new byte[Math.multiplyExact(width, model.batch())];
        floats = new float[bytes.length];
    }

    @Override
    public void take(String name, byte[] sample) {
        add(name, DataType.U8, sample, bytes);
    }

    @Override
    public void take(String name, float[] sample) {
        add(name, DataType.F32, sample, floats);
    }

    private void add(String name, DataType of, Object sample, Object waiting) {
        if (of != type) {
            predict();
            type = of;
        }
        System.arraycopy(sample, 0, waiting, names.size() * width, width);
        names.add(name);
        if (names.size() == model.batch()) {
            predict();
        }
    }

    /** Writes what still waits. */
    void finish() {
        predict();
    }

    private void predict() {
        try {
            if (!begun && !json) {
                StringBuilder header = new StringBuilder("input,class,probability");
                model.classNames().forEach(name -> header.append(all ? "," + Csv.cell("probability_" + name) : ""));
                write(header);
            }
            begun = true;
            int count = names.size();
            if (count == 0) {
                return;
            }
            Samples samples = type == DataType.U8
                    ? Samples.ofBytes(Arrays.copyOf(bytes, count * width))
                    : Samples.of(Arrays.copyOf(floats, count * width));
            float[][] logits = model.logits(samples);
            for (int i = 0; i < count; i++) {
                write(row(names.get(i), logits[i]));
            }
            names.clear();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private CharSequence row(String name, float[] logits) {
        int largest = Logits.largest(logits, 0, logits.length);
        double[] probabilities = Logits.softmax(logits, 0, logits.length);
        List<String> classes = model.classNames();
        if (json) {
            ObjectNode node = JSON.createObjectNode();
            node.put("input", name).put("class", classes.get(largest)).put("probability", probabilities[largest]);
            if (all) {
                ObjectNode each = node.putObject("probabilities");
                for (int m = 0; m < probabilities.length; m++) {
                    each.put(classes.get(m), probabilities[m]);
                }
            }
            return node.toString();
        }
        StringBuilder row = new StringBuilder(
                Csv.cell(name) + "," + Csv.cell(classes.get(largest)) + "," + (float) probabilities[largest]);
        for (int m = 0; all && m < probabilities.length; m++) {
            row.append(',').append((float) probabilities[m]);
        }
        return row;
    }

    private void write(CharSequence line) throws IOException {
        out.write((line + "\n").getBytes(StandardCharsets.UTF_8));
    }
}
