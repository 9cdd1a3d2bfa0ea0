using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Sluice.Orchestration.Ports;

namespace Sluice.Platforms.Tests.Http;

/// <summary>A real server on a free port of the loopback address.</summary>
internal sealed class TestServer : IAsyncDisposable
{
    private readonly WebApplication _application;

    private TestServer(WebApplication application) => _application = application;

    public ProbeEndpoint Endpoint => new(new Uri(_application.Urls.Single()), new Dictionary<string, string> { ["X-Probe"] = "t0ken" });

    public static async Task<TestServer> StartAsync(RequestDelegate answer)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var application = builder.Build();
        application.Run(answer);
        await application.StartAsync();
        return new TestServer(application);
    }

    public async ValueTask DisposeAsync()
    {
        using var atOnce = new CancellationTokenSource();
        await atOnce.CancelAsync();
        await _application.StopAsync(atOnce.Token);
        await _application.DisposeAsync();
    }
}
