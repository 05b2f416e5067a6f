package io.github.kib4j.experiment;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Folders of runs. */
final class RunFolderTest {
    @TempDir
    Path folder;

    /** Processes that begin in the same second: here, threads that want one name at one moment. */
    @Test
    void runsThatBeginTogetherGetFoldersOfTheirOwn() throws Exception {
        int many = 8;
        ExecutorService threads = Executors.newFixedThreadPool(many);
        try {
            Callable<Path> claim = () -> RunFolder.claim(folder.resolve("runs/20260101-000000-mlp-mnist"));
            List<String> names = new ArrayList<>();
            for (Future<Path> claimed : threads.invokeAll(java.util.Collections.nCopies(many, claim))) {
                names.add(claimed.get().getFileName().toString());
            }
            assertThat(names)
                    .containsExactlyInAnyOrder(
                            "20260101-000000-mlp-mnist",
                            "20260101-000000-mlp-mnist-2",
                            "20260101-000000-mlp-mnist-3",
                            "20260101-000000-mlp-mnist-4",
                            "20260101-000000-mlp-mnist-5",
                            "20260101-000000-mlp-mnist-6",
                            "20260101-000000-mlp-mnist-7",
                            "20260101-000000-mlp-mnist-8");
        } finally {
            threads.shutdownNow();
        }
    }
}
