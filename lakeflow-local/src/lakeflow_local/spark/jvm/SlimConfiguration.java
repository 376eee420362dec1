package lakeflow.local;

import java.io.IOException;
import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
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
        FileSystem.get(configuration); // this and the next name files of settings; one that comes later has all read anew
        ConfigUtil.loadResources();
        List ofYarn = new ArrayList();
        for (Iterator settings = configuration.iterator(); settings.hasNext(); ) {
            String name = (String) ((Map.Entry) settings.next()).getKey();
            if (name.startsWith("yarn.")) ofYarn.add(name);
        }
        for (Iterator names = ofYarn.iterator(); names.hasNext(); ) configuration.unset((String) names.next());
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
