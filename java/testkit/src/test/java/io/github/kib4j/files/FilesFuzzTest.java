package io.github.kib4j.files;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.testkit.Mutations;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Whatever files of arrays and JSON hold, they are read, or refused in words. */
final class FilesFuzzTest {
    private static final int MILLISECONDS = 1500;

    private static Path file;

    @BeforeAll
    static void makeFile() throws IOException {
        file = Files.createTempFile("kib-fuzz", ".safetensors");
    }

    @AfterAll
    static void deleteFile() throws IOException {
        Files.delete(file);
    }

    @FuzzTest(maxDuration = "3m")
    void safetensors(byte[] bytes) throws IOException {
        Files.write(file, bytes);
        try {
            Safetensors.read(file)
                    .forEach((name, array) -> assertThat((long) array.data().capacity())
                            .as(name)
                            .isEqualTo(array.shape().size() * array.type().bytes()));
        } catch (FileContentException e) {
            assertThat(e.getMessage()).startsWith("The file " + file).doesNotContain("Exception");
        }
    }

    @FuzzTest(maxDuration = "3m")
    void json(byte[] bytes) {
        try {
            assertThat(Json.parse(new String(bytes, StandardCharsets.UTF_8))).isNotNull();
        } catch (IllegalArgumentException e) {
            assertThat(e.getMessage()).contains("offset");
        }
    }

    @Test
    void randomVariants() throws IOException {
        Safetensors.write(
                file,
                Map.of(
                        "a", new Safetensors.Array(DataType.F32, Shape.of(2, 3), ByteBuffer.allocate(24)),
                        "b\"", new Safetensors.Array(DataType.F64, Shape.of(1), ByteBuffer.allocate(8))));
        byte[] whole = Files.readAllBytes(file);
        byte[] reference = FilesFuzzTest.class
                .getResourceAsStream("FilesFuzzTestInputs/safetensors/reference")
                .readAllBytes();
        assertThat(Mutations.read(List.of(whole, reference), MILLISECONDS, this::safetensors))
                .isPositive();
        byte[] document =
                "{\n  \"format\": 3,\n  \"sums\": [0.002, 4.0], \"a \\\"dog\\\"\": [null, true, {}, -3, 1e9]\n}"
                        .getBytes(StandardCharsets.UTF_8);
        assertThat(Mutations.read(List.of(document), MILLISECONDS, this::json)).isPositive();
    }
}
