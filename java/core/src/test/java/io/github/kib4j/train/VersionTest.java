package io.github.kib4j.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class VersionTest {
    @Test
    void theNumberIsThatOfTheArtifacts() throws IOException {
        assertThat(Files.readString(Path.of("pom.xml"))).contains("<version>" + Version.NUMBER + "</version>");
        assertThat(Version.COMMIT).matches("unknown|[0-9a-f]{12}(-dirty)?");
    }
}
