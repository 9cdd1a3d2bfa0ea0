using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Reflection;
using Sluice.Domain.Plans;
using Sluice.Platforms.Process;

namespace Sluice.Cli.Demo;

/// <summary>Everything the demo writes, in one folder: the server's data, the releases, the plan of each.</summary>
/// <param name="Path">Absolute; removed at the end unless all is kept.</param>
internal sealed record DemoFolder(string Path)
{
    /// <summary>The server's data folder.</summary>
    public string Data => System.IO.Path.Combine(Path, "data");

    /// <summary>Where users come in, in production.</summary>
    public Uri Users => new($"http://127.0.0.1:{ProductionPort}/");

    private int ProductionPort { get; } = FreePort();

    private int StagingPort { get; } = FreePort();

    /// <summary>Lays out releases of the catalogue service and the server's settings.</summary>
    /// <param name="versions">One release each: copies of the same build.</param>
    /// <param name="groups">Who belongs together, as the server's settings want it.</param>
    public void Prepare(IEnumerable<string> versions, string groups)
    {
        PrivateFile.CreateFolder(Path);
        PrivateFile.CreateFolder(Data);
        File.WriteAllText(System.IO.Path.Combine(Data, "sluice.json"), $$"""{ "Groups": {{groups}} }""");
        var build = ServiceBuild();
        foreach (var version in versions)
        {
            Copy(build, System.IO.Path.Combine(Path, "releases", version));
        }
    }

    /// <summary>Writes the plan of a release with its files.</summary>
    /// <param name="version">Whose.</param>
    /// <param name="soak">How long the canary is watched.</param>
    /// <param name="faults">Variables that make it bad in production; none for a good one.</param>
    /// <returns>The plan's file.</returns>
    public string WritePlan(string version, TimeSpan soak, params (string Name, string Value)[] faults)
    {
        var folder = Directory.CreateDirectory(System.IO.Path.Combine(Path, "plans", version)).FullName;
        var plan = Resource("sluice.yaml")
            .Replace("@folder@", Path, StringComparison.Ordinal)
            .Replace("@staging@", StagingPort.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)
            .Replace("@production@", ProductionPort.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)
            .Replace("@soak@", Durations.Format(soak), StringComparison.Ordinal);
        var file = System.IO.Path.Combine(folder, "sluice.yaml");
        File.WriteAllText(file, plan);
        File.WriteAllText(System.IO.Path.Combine(folder, "smoke.yaml"), Resource("smoke.yaml"));
        WriteVariables(folder, "staging", []);
        WriteVariables(folder, "production", faults);
        return file;
    }

    /// <summary>Removes it all.</summary>
    public void Remove()
    {
        if (Directory.Exists(Path))
        {
            Directory.Delete(Path, recursive: true);
        }
    }

    private void WriteVariables(string folder, string environment, (string Name, string Value)[] faults) => File.WriteAllLines(
        System.IO.Path.Combine(folder, $"environment.{environment}.yaml"),
        [
            "variables:",
            $"  DATA_DIR: {{ required: true, format: text, value: \"{System.IO.Path.Combine(Path, "catalogue", environment)}\" }}",
            .. faults.Select(f => $"  {f.Name}: {{ required: true, format: text, value: \"{f.Value}\" }}"),
        ]);

    // Built beside this program; `dotnet publish` puts it into a folder of its own next to it.
    private static string ServiceBuild()
    {
        var own = AppContext.BaseDirectory.TrimEnd(System.IO.Path.DirectorySeparatorChar);
        var configuration = System.IO.Path.GetFileName(own);
        string[] places =
        [
            System.IO.Path.Combine(own, "catalog-api"),
            System.IO.Path.GetFullPath(System.IO.Path.Combine(own, "..", "..", "CatalogApi", configuration)),
        ];
        return Array.Find(places, place => File.Exists(System.IO.Path.Combine(place, "CatalogApi.dll")))
            ?? throw new FileNotFoundException($"The demo deploys the catalogue service, which is not built in {string.Join(" nor in ", places)}. Run `dotnet build src/CatalogApi`.");
    }

    private static void Copy(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var folder in Directory.GetDirectories(from, "*", SearchOption.AllDirectories))
        {
            Directory.CreateDirectory(System.IO.Path.Combine(to, System.IO.Path.GetRelativePath(from, folder)));
        }

        foreach (var file in Directory.GetFiles(from, "*", SearchOption.AllDirectories))
        {
            File.Copy(file, System.IO.Path.Combine(to, System.IO.Path.GetRelativePath(from, file)), overwrite: true);
        }
    }

    private static string Resource(string name)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream($"demo/{name}")
            ?? throw new InvalidOperationException($"The program was built without the demo's {name}.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    private static int FreePort()
    {
        using var socket = new TcpListener(IPAddress.Loopback, 0);
        socket.Start();
        return ((IPEndPoint)socket.LocalEndpoint).Port;
    }
}
