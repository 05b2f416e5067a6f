package io.github.kib4j.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.kib4j.op.Device;
import io.github.kib4j.op.Devices;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.Scope;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the format's reference implementation, version 0.8.0, takes is read; what it refuses is refused. */
final class SafetensorsTest {
    /**
     * Written by it: {@code bn.weight} F32 [2], {@code bn.num_batches_tracked} I64 [], {@code half} F16 [2,2], {@code none} F32
     * [0,3], {@code wide} F64 [1], and metadata.
     */
    private static final String OF_THE_REFERENCE =
            "YAEAAAAAAAB7Il9fbWV0YWRhdGFfXyI6eyJmb3JtYXQiOiJwdCJ9LCJibi5udW1fYmF0Y2hl"
                    + "c190cmFja2VkIjp7ImR0eXBlIjoiSTY0Iiwic2hhcGUiOltdLCJkYXRhX29mZnNldHMiOlswLDhdfSwid2lkZSI6eyJkdHlwZSI6IkY2NCIs"
                    + "InNoYXBlIjpbMV0sImRhdGFfb2Zmc2V0cyI6WzgsMTZdfSwiYm4ud2VpZ2h0Ijp7ImR0eXBlIjoiRjMyIiwic2hhcGUiOlsyXSwiZGF0YV9v"
                    + "ZmZzZXRzIjpbMTYsMjRdfSwibm9uZSI6eyJkdHlwZSI6IkYzMiIsInNoYXBlIjpbMCwzXSwiZGF0YV9vZmZzZXRzIjpbMjQsMjRdfSwiaGFs"
                    + "ZiI6eyJkdHlwZSI6IkYxNiIsInNoYXBlIjpbMiwyXSwiZGF0YV9vZmZzZXRzIjpbMjQsMzJdfX0gICAgICAgBwAAAAAAAABVVVVVVVXVPwAA"
                    + "wD8AAADAZi7/+wEAAHw=";

    @TempDir
    Path folder;

    private Path file(String header, int data) throws IOException {
        return file(header.getBytes(StandardCharsets.UTF_8), data);
    }

    private Path file(byte[] header, int data) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        bytes.writeBytes(length(header.length));
        bytes.writeBytes(header);
        bytes.writeBytes(new byte[data]);
        return Files.write(folder.resolve("a.safetensors"), bytes.toByteArray());
    }

    private static byte[] length(long header) {
        return ByteBuffer.allocate(8)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(header)
                .array();
    }

    /** Returns an entry; {@code a F32 [1] 0 4} is {@code "a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}. */
    private static String entry(String words) {
        String[] part = words.trim().split(" ");
        return "\"" + part[0] + "\":{\"dtype\":\"" + part[1] + "\",\"shape\":" + part[2] + ",\"data_offsets\":["
                + part[3] + "," + part[4] + "]}";
    }

    private static String header(String entries) {
        StringBuilder json = new StringBuilder("{");
        for (String words : entries.split(";")) {
            json.append(json.length() == 1 ? "" : ",").append(entry(words));
        }
        return json.append('}').toString();
    }

    @Test
    void whatTheReferenceWroteIsRead() throws IOException {
        Path file = Files.write(folder.resolve("pt"), Base64.getDecoder().decode(OF_THE_REFERENCE));
        Map<String, Safetensors.Array> arrays = Safetensors.read(file);
        assertThat(arrays.keySet())
                .as("arrays that hold something")
                .containsExactly("bn.num_batches_tracked", "wide", "bn.weight", "half");
        assertThat(values(arrays.get("bn.weight"))).containsExactly(1.5, -2);
        assertThat(values(arrays.get("wide"))).containsExactly(1.0 / 3);
        assertThat(values(arrays.get("half")))
                .containsExactly(0.0999755859375, -65504, 0x1p-24, Double.POSITIVE_INFINITY);
        Safetensors.Array tracked = arrays.get("bn.num_batches_tracked");
        assertThat(tracked.type()).isEqualTo(DataType.I64);
        assertThat(tracked.shape()).isEqualTo(Shape.of());
        assertThat(values(tracked)).containsExactly(7);
    }

    private static double[] values(Safetensors.Array array) {
        try (Device device = Devices.open("reference", 1).device();
                Scope scope = device.newScope("test")) {
            Tensor tensor = scope.allocate(DataType.F64, array.shape());
            array.writeTo(tensor);
            return tensor.readDoubles();
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "a F32 [1] 0 4;b F32 [1] 0 4 | 4 | two arrays in one place",
                "a F32 [1] 0 4;b F32 [1] 0 4 | 8 | the same, and as many bytes as both need",
                "a F32 [2] 0 8;b F32 [1] 4 8 | 8 | one within another",
                "a F32 [1] 0 4;b F32 [1] 8 12 | 12 | a hole",
                "a F32 [1] 4 8 | 8 | a hole at the beginning",
                "a F32 [1] 0 4 | 8 | bytes at the end",
                "a F32 [1] 0 4 | 3 | cut short",
                "a F32 [2] 0 4 | 4 | a shape of more",
                "a F32 [0] 0 4 | 4 | a shape of nothing",
                "a F32 [] 0 0 | 0 | a scalar of nothing",
                "a F32 [-1] 0 4 | 4 | a negative shape",
                "a F32 [1] 4 0 | 4 | backwards",
                "a F32 [4611686018427387904,4611686018427387904,0] 0 0 | 0 | a size that overflows",
                "a F32 [1] 0.0 4.0 | 4 | offsets that are no integers",
                "a F32 [01] 0 4 | 4 | a number with a leading 0",
                "a F32 1 0 4 | 4 | a shape that is no list",
                "a F32 [null] 0 4 | 4 | a shape of null",
                "a F32 [1] 0 4;a F32 [1] 0 4 | 4 | one name twice",
                "a F32 [1] 0 4;a F32 [1] 4 8 | 8 | one name for two arrays"
            })
    void arraysThatDoNotCoverTheFileAreRefused(String entries, int data, String how) throws IOException {
        refused(file(header(entries), data), "is damaged: its header", how);
    }

    private static void refused(Path file, String says, String how) {
        assertThatThrownBy(() -> Safetensors.read(file))
                .as(how)
                .isInstanceOf(FileContentException.class)
                .hasMessageStartingWith("The file " + file)
                .hasMessageContaining(says)
                .message()
                .doesNotContain("Exception")
                .doesNotContain("class java");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "a F32 [1] 0 4 | 4 | a",
                "b F32 [1] 4 8;a F32 [1] 0 4 | 8 | b,a",
                "a F32 [] 0 4 | 4 | a",
                "z F32 [0] 0 0 | 0 | ~~",
                "a F32 [1] 0 4;z F32 [3,0] 4 4;b F64 [1] 4 12 | 12 | a,b",
                "z F32 [0,4611686018427387904,4611686018427387904] 0 0 | 0 | ~~",
                "a BF16 [3] 0 6 | 6 | a",
                "a F16 [1,1,1] 0 2;b U8 [2] 2 4;c I32 [1] 4 8;d I64 [] 8 16 | 16 | a,b,c,d"
            })
    void arraysThatCoverTheFileAreRead(String entries, int data, String names) throws IOException {
        Map<String, Safetensors.Array> arrays = Safetensors.read(file(header(entries), data));
        assertThat(String.join(",", arrays.keySet())).isEqualTo(names);
        arrays.forEach((name, array) -> assertThat(values(array)).as(name).containsOnly(0));
    }

    @Test
    void everythingElseOfAHeaderIsAsInTheReference() throws IOException {
        String a = entry("a F32 [1] 0 4");
        for (String valid : new String[] {
            "{\"__metadata__\":null," + a + "}",
            "{\"__metadata__\":{}," + a + "}",
            "{\"__metadata__\":{\"format\":\"pt\"}," + a + "}",
            "{" + a + "}     ",
            " \n{" + a + "}\t\n",
            "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4],\"more\":[1,{\"x\":null}]}}"
        }) {
            assertThat(Safetensors.read(file(valid, 4))).as(valid).containsOnlyKeys("a");
        }
        for (String invalid : new String[] {
            "{\"__metadata__\":{\"x\":1}," + a + "}",
            "{\"__metadata__\":{\"x\":null}," + a + "}",
            "{\"__metadata__\":[]," + a + "}",
            "{\"__metadata__\":{},\"__metadata__\":{}," + a + "}",
            "{" + a + ",}",
            "{" + a + "}\0\0",
            "{\"a\":null}",
            "{\"a\":{\"dtype\":\"F32\",\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}",
            "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4,4]}}",
            "{\"a\":{\"dtype\":\"F32\",\"shape\":[1]}}",
            "{\"a\":{\"dtype\":5,\"shape\":[1],\"data_offsets\":[0,4]}}",
            "{" + entry("a\1 F32 [1] 0 4") + "}",
            "[]",
            "{\""
        }) {
            refused(file(invalid, 4), "is damaged: its header", invalid);
        }
        assertThat(Safetensors.read(file("{}", 0))).isEmpty();
        byte[] noText = ("{" + a + "}").getBytes(StandardCharsets.UTF_8);
        noText[2] = (byte) 0xff;
        refused(file(noText, 4), "is no text in UTF-8", "UTF-8");
    }

    /** They are valid, so the file is not damaged. */
    @Test
    void whatIsNotSupportedIsNamed() throws IOException {
        for (String dtype : new String[] {"C64", "F8_E4M3", "F4", "BOOL", "I8", "U16", "U64", "F128"}) {
            Path file = file(header("a F32 [1] 0 4;hot " + dtype + " [1] 4 12"), 12);
            assertThatThrownBy(() -> Safetensors.read(file))
                    .isInstanceOf(FileContentException.class)
                    .hasMessage("The file " + file + " has the array \"hot\" of type \"" + dtype
                            + "\", which is not supported; save it as F32.");
        }
        Path large = file(header("big F32 [600000000] 0 2400000000"), 0);
        try (RandomAccessFile holes = new RandomAccessFile(large.toFile(), "rw")) {
            holes.setLength(Files.size(large) + 2_400_000_000L);
        }
        refused(large, "has the array \"big\" of 2400000000 bytes, which is not supported", "more than an array has");
    }

    @Test
    void theHeaderHasALimit() throws IOException {
        Path file = folder.resolve("long");
        Files.write(file, length(100_000_001));
        refused(file, "announces a header of more than 100000000 bytes", "more than the reference takes");
        Files.write(file, length(100_000_000));
        refused(file, "its header is cut short", "not there");
        Files.write(file, length(-1));
        refused(file, "its header is cut short", "negative");
        Files.write(file, new byte[7]);
        refused(file, "its header is cut short", "7 bytes");
        Files.write(file, length(0));
        refused(file, "its header is cut short", "an empty header");
    }

    @Test
    void halvesAreExact() {
        for (int bits = 0; bits < 1 << 16; bits++) {
            double expected = half(bits);
            assertThat((double) SafetensorsHeader.ofHalf((short) bits))
                    .as("0x%04x", bits)
                    .isEqualTo(Double.valueOf(expected));
        }
    }

    private static double half(int bits) {
        int exponent = bits >> 10 & 31;
        double fraction = (bits & 1023) / 1024.0;
        double magnitude = exponent == 31
                ? (fraction == 0 ? Double.POSITIVE_INFINITY : Double.NaN)
                : exponent == 0 ? fraction * 0x1p-14 : (1 + fraction) * Math.pow(2, exponent - 15);
        return bits >= 1 << 15 ? -magnitude : magnitude;
    }

    /** Whatever its names, a written file begins its numbers at a multiple of 8 bytes, as the reference's does. */
    @Test
    void whatIsWrittenIsReadAndAligned() throws IOException {
        Path file = folder.resolve("written");
        Map<String, Safetensors.Array> arrays = new LinkedHashMap<>();
        for (String name : new String[] {"ä", "日本", "\"\n", "x"}) {
            arrays.put(name, new Safetensors.Array(DataType.F32, Shape.of(2), ByteBuffer.allocate(8)));
            Safetensors.write(file, arrays);
            assertThat(Safetensors.read(file).keySet()).isEqualTo(arrays.keySet());
            assertThat(ByteBuffer.wrap(Files.readAllBytes(file))
                                    .order(ByteOrder.LITTLE_ENDIAN)
                                    .getLong(0)
                            % 8)
                    .isZero();
        }
        assertThatThrownBy(() -> new Safetensors.Array(DataType.F32, Shape.of(2), ByteBuffer.allocate(9)))
                .hasMessage("9 bytes do not fit an array of 2 in F32.");
    }
}
