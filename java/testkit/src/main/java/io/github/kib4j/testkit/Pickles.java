package io.github.kib4j.testkit;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/** Writes pickles byte for byte as Python 2 wrote CIFAR's (protocol 2, everything remembered). */
public final class Pickles {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private int remembered = 1;

    private Pickles() {}

    /**
     * An array of numpy's type {@code u1}.
     *
     * @param rows first extent
     * @param columns second extent
     * @param data numbers, row by row
     */
    @SuppressWarnings("ArrayRecordComponent") // test data
    public record Bytes(int rows, int columns, byte[] data) {}

    /**
     * Returns the pickle of a dictionary.
     *
     * @param members texts, integers, lists of these, and {@link Bytes}, by name
     * @return a file's bytes
     */
    public static byte[] of(Map<String, ?> members) {
        Pickles pickle = new Pickles();
        pickle.write(0x80, 2, '}');
        pickle.remember();
        pickle.write('(');
        members.forEach((key, value) -> {
            pickle.value(key);
            pickle.value(value);
        });
        pickle.write('u', '.');
        return pickle.out.toByteArray();
    }

    private void write(int... bytes) {
        for (int b : bytes) {
            out.write(b);
        }
    }

    private void writeInt(int value) {
        write(value, value >> 8, value >> 16, value >> 24);
    }

    private void remember() {
        if (remembered < 256) {
            write('q', remembered);
        } else {
            write('r');
            writeInt(remembered);
        }
        remembered++;
    }

    private void value(Object value) {
        if (value instanceof Integer number) {
            number(number);
        } else if (value instanceof String text) {
            string(text.getBytes(StandardCharsets.UTF_8));
            remember();
        } else if (value instanceof List<?> list) {
            list(list);
        } else {
            array((Bytes) value);
        }
    }

    private void number(int number) {
        if (number >= 0 && number < 256) {
            write('K', number);
        } else if (number >= 0 && number < 1 << 16) {
            write('M', number, number >> 8);
        } else {
            write('J');
            writeInt(number);
        }
    }

    private void string(byte[] text) {
        if (text.length < 256) {
            write('U', text.length);
        } else {
            write('T');
            writeInt(text.length);
        }
        out.writeBytes(text);
    }

    /** In pieces of a thousand, as Python does. */
    private void list(List<?> list) {
        write(']');
        remember();
        for (int from = 0; from < list.size(); from += 1000) {
            write('(');
            list.subList(from, Math.min(from + 1000, list.size())).forEach(this::value);
            write('e');
        }
    }

    private void global(String module, String name) {
        write('c');
        out.writeBytes((module + "\n" + name + "\n").getBytes(StandardCharsets.UTF_8));
        remember();
    }

    private void array(Bytes array) {
        global("numpy.core.multiarray", "_reconstruct");
        global("numpy", "ndarray");
        write('K', 0, 0x85);
        remember();
        value("b");
        write(0x87);
        remember();
        write('R');
        remember();
        write('(', 'K', 1);
        number(array.rows());
        number(array.columns());
        write(0x86);
        remember();
        global("numpy", "dtype");
        value("u1");
        write('K', 0, 'K', 1, 0x87);
        remember();
        write('R');
        remember();
        write('(', 'K', 3);
        value("|");
        write('N', 'N', 'N', 'J', 0xff, 0xff, 0xff, 0xff, 'J', 0xff, 0xff, 0xff, 0xff, 'K', 0, 't');
        remember();
        write('b', 0x89);
        string(array.data());
        remember();
        write('t');
        remember();
        write('b');
    }
}
