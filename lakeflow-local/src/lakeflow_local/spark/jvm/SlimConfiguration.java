package lakeflow.local;

import java.io.IOException;
import java.lang.reflect.Field;
import java.util.Iterator;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.mapreduce.util.ConfigUtil;

/**
 * Makes Hadoop's configuration small, which Spark writes out for each table that a query reads. With each of its thousand
 * settings goes the file that it came from, packed on its own: 12 ms a table, a quarter of a question about a small one.
 */
public class SlimConfiguration {
    /** Forgets where the settings came from, and those of YARN, half of all: Spark runs in this process. */
    public static void slim(Configuration configuration) throws IllegalAccessException, IOException {
        // Both name files of settings; one that is named later has all read anew.
        FileSystem.getFileSystemClass("file", configuration);
        ConfigUtil.loadResources();
        for (Iterator settings = configuration.iterator(); settings.hasNext(); ) { // over a copy
            String name = (String) ((Map.Entry) settings.next()).getKey();
            if (name.startsWith("yarn.")) configuration.unset(name);
        }
        Field origins;
        try {
            origins = Configuration.class.getDeclaredField("updatingResource");
        } catch (NoSuchFieldException anotherHadoop) {
            return; // it costs what it costs
        }
        origins.setAccessible(true);
        ((Map) origins.get(configuration)).clear();
    }
}
