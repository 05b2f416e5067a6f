package io.github.kib4j.export;

import io.github.kib4j.files.ProtobufMessage;
import io.github.kib4j.tensor.RefusedException;
import io.github.kib4j.tensor.Shape;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** A graph of ONNX that is written node by node; field numbers are those of {@code onnx.proto}. */
final class OnnxGraph {
    private static final int FLOAT = 1;
    private static final int INT64 = 7;

    // Kinds of attributes.
    private static final int KIND_FLOAT = 1;
    private static final int KIND_INTEGER = 2;
    private static final int KIND_INTEGERS = 7;

    private final ProtobufMessage message = new ProtobufMessage();

    static ProtobufMessage number(String name, float value) {
        return new ProtobufMessage().bytes(1, name).number(2, value).number(20, KIND_FLOAT);
    }

    static ProtobufMessage integer(String name, long value) {
        return new ProtobufMessage().bytes(1, name).number(3, value).number(20, KIND_INTEGER);
    }

    static ProtobufMessage integers(String name, long... values) {
        ProtobufMessage attribute = new ProtobufMessage().bytes(1, name);
        for (long value : values) {
            attribute.number(8, value);
        }
        return attribute.number(20, KIND_INTEGERS);
    }

    /** Adds an operator, and returns its output's name. */
    String node(String operator, List<String> inputs, String output, ProtobufMessage... attributes) {
        ProtobufMessage node = new ProtobufMessage();
        inputs.forEach(name -> node.bytes(1, name));
        node.bytes(2, output).bytes(3, output).bytes(4, operator);
        Arrays.stream(attributes).forEach(attribute -> node.message(5, attribute));
        message.message(1, node);
        return output;
    }

    /** Adds numbers, and returns their name. */
    String constant(String name, Shape shape, float[] values) {
        ByteBuffer bytes = ByteBuffer.allocate(Math.multiplyExact(Float.BYTES, values.length))
                .order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(values);
        return constant(name, shape.extents(), FLOAT, bytes.array());
    }

    /** Adds a number, and returns its name. */
    String constant(String name, float value) {
        return constant(name, Shape.of(), new float[] {value});
    }

    private String constant(String name, int[] extents, int type, byte[] bytes) {
        ProtobufMessage tensor = new ProtobufMessage();
        for (int extent : extents) {
            tensor.number(1, (long) extent);
        }
        message.message(5, tensor.number(2, (long) type).bytes(8, name).bytes(9, bytes));
        return name;
    }

    /** Adds another shape of the numbers of each sample, and returns its name. */
    String reshape(String x, String output, int... extents) {
        ByteBuffer bytes =
                ByteBuffer.allocate(Long.BYTES * (extents.length + 1)).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putLong(0); // as many samples as there are
        for (int extent : extents) {
            bytes.putLong(extent);
        }
        String shape = constant(output + ".shape", new int[] {extents.length + 1}, INT64, bytes.array());
        return node("Reshape", List.of(x, shape), output);
    }

    void input(String name, String batch, Shape sample) {
        message.message(11, value(name, batch, sample));
    }

    void output(String name, String batch, Shape sample) {
        message.message(12, value(name, batch, sample));
    }

    private static ProtobufMessage value(String name, String batch, Shape sample) {
        ProtobufMessage shape = new ProtobufMessage().message(1, new ProtobufMessage().bytes(2, batch));
        for (int extent : sample.extents()) {
            shape.message(1, new ProtobufMessage().number(1, (long) extent));
        }
        ProtobufMessage tensor = new ProtobufMessage().number(1, (long) FLOAT).message(2, shape);
        return new ProtobufMessage().bytes(1, name).message(2, new ProtobufMessage().message(1, tensor));
    }

    /** Returns the model that the graph is. */
    ProtobufMessage model(int format, int operators, String says, Map<String, String> metadata) {
        ProtobufMessage whole = new ProtobufMessage()
                .number(1, (long) format)
                .bytes(2, "kib4j")
                .bytes(6, says)
                .message(7, message.bytes(2, "kib4j").bytes(10, says))
                .message(8, new ProtobufMessage().bytes(1, "").number(2, (long) operators));
        new TreeMap<>(metadata)
                .forEach((key, value) ->
                        whole.message(14, new ProtobufMessage().bytes(1, key).bytes(2, value)));
        if (whole.size() > Integer.MAX_VALUE) {
            throw new RefusedException(
                    "The network has " + whole.size()
                            + " bytes in the format ONNX, which holds at most 2147483647 in one file; export it to safetensors.");
        }
        return whole;
    }
}
