using System.Diagnostics;
using System.Net.Sockets;
using Sluice.Testing;

namespace Sluice.Functions.Tests.Host;

/// <summary>A storage account of a test's own: Azurite on free ports of loopback, in a folder that outlives its process.</summary>
internal sealed class Azurite(string folder) : IAsyncDisposable
{
    // The account that Azurite documents for everybody.
    private const string Account = "devstoreaccount1";
    private const string Key = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

    private readonly int[] _ports = [FreePort.Reserved(), FreePort.Reserved(), FreePort.Reserved()];
    private Process? _process;

    public string ConnectionString =>
        $"DefaultEndpointsProtocol=http;AccountName={Account};AccountKey={Key};BlobEndpoint=http://127.0.0.1:{_ports[0]}/{Account};"
        + $"QueueEndpoint=http://127.0.0.1:{_ports[1]}/{Account};TableEndpoint={TableEndpoint};";

    public string TableEndpoint => $"http://127.0.0.1:{_ports[2]}/{Account}";

    /// <summary>Starts it, or starts it again with what it held.</summary>
    public async Task StartAsync()
    {
        var start = new ProcessStartInfo(
            Tools.Demand().Azurite,
            [
                "--silent", "--skipApiVersionCheck", "--disableTelemetry", "--location", Directory.CreateDirectory(folder).FullName,
                "--blobHost", "127.0.0.1", "--blobPort", $"{_ports[0]}",
                "--queueHost", "127.0.0.1", "--queuePort", $"{_ports[1]}",
                "--tableHost", "127.0.0.1", "--tablePort", $"{_ports[2]}",
            ])
        {
            WorkingDirectory = folder,
        };
        _process = Process.Start(start)!;
        await Eventually.AsyncOf(
            async () =>
            {
                Assert.False(_process.HasExited, "Azurite ended at its start.");
                return (await Task.WhenAll(_ports.Select(ListensAsync))).All(listens => listens);
            },
            listens => listens,
            "Azurite listens",
            Tools.StartsWithin);
    }

    /// <summary>Ends it; what it held is written down.</summary>
    public async Task StopAsync()
    {
        await Tools.TerminateAsync(_process!);
        _process!.Dispose();
        _process = null;
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is { } process)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
            process.Dispose();
        }
    }

    private static async Task<bool> ListensAsync(int port)
    {
        using var client = new TcpClient();
        try
        {
            await client.ConnectAsync("127.0.0.1", port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
