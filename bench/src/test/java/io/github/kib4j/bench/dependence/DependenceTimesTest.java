package io.github.kib4j.bench.dependence;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.kib4j.dependence.Measure;
import io.github.kib4j.dependence.Variable;
import io.github.kib4j.op.Device;
import io.github.kib4j.op.Devices;
import io.github.kib4j.op.Kernel;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is timed is what the library says of the arrays in the files. */
final class DependenceTimesTest {
    @TempDir
    Path folder;

    @Test
    void theTasksAreThoseOfTheLibrary() throws IOException {
        float[][] x = write("x.f32", 1);
        float[][] y = write("y.f32", 2);
        try (Device device = Devices.open("reference", 1).device()) {
            Variable v = Variable.of(x, Kernel.gaussian(1.5));
            Variable w = Variable.of(y, Kernel.gaussian(1.5));
            double hsic = Measure.HSIC.of(device, v, w);
            JsonNode test = run("hsic-test");
            assertThat(test.path("seconds").size()).isEqualTo(2);
            assertThat(test.path("values").path(0).asDouble()).isCloseTo(hsic, within(1e-12));
            assertThat(test.path("values").path(1).asDouble()).isBetween(0.01, 1.0);
            JsonNode gradient = run("gradient").path("values");
            double[][] dx = Measure.HSIC.gradient(device, v, w).dx();
            assertThat(gradient.path(0).asDouble()).isCloseTo(hsic, within(1e-12));
            assertThat(gradient.path(2).asDouble()).isCloseTo(dx[0][0], within(1e-12));
            assertThat(gradient.path(3).asDouble()).isCloseTo(dx[29][2], within(1e-12));
            double cka = Measure.CKA.of(device, Variable.of(x, Kernel.LINEAR), Variable.of(y, Kernel.LINEAR));
            assertThat(run("cka").path("values").path(0).asDouble()).isCloseTo(cka, within(1e-12));
        }
    }

    private float[][] write(String name, long seed) throws IOException {
        Random random = new Random(seed);
        float[][] rows = new float[30][3];
        ByteBuffer bytes = ByteBuffer.allocate(4 * 90).order(ByteOrder.LITTLE_ENDIAN);
        for (float[] row : rows) {
            for (int k = 0; k < 3; k++) {
                row[k] = (float) random.nextGaussian();
                bytes.putFloat(row[k]);
            }
        }
        Files.write(folder.resolve(name), bytes.array());
        return rows;
    }

    private JsonNode run(String task) throws IOException {
        PrintStream console = System.out;
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        System.setOut(new PrintStream(out, true, StandardCharsets.UTF_8));
        try {
            DependenceTimes.main(new String[] {task, folder.toString(), "reference", "30", "3", "1.5", "99", "2"});
        } finally {
            System.setOut(console);
        }
        return new ObjectMapper().readTree(out.toString(StandardCharsets.UTF_8));
    }
}
