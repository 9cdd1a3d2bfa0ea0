using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Sluice.Cli.Client;

namespace Sluice.Cli.Tests;

/// <summary>A server on Azure is behind the Functions host, which wants a key of its own and says nothing when it is missing.</summary>
public sealed class FunctionsKeyTests
{
    [Fact]
    public async Task Both_keys_are_sent()
    {
        await using var host = await StartAsync();
        using var client = new SluiceClient(new Connection(new Uri(host.Urls.First()), "slc_key", "function-key"));

        Assert.Equal("function-key Bearer slc_key", await client.GetAsync<string>("/seen", default));
    }

    [Fact]
    public async Task Without_the_function_key_the_answer_says_what_is_missing()
    {
        await using var host = await StartAsync();
        using var client = new SluiceClient(new Connection(new Uri(host.Urls.First()), "slc_key"));

        var refused = await Assert.ThrowsAsync<RefusedException>(() => client.GetAsync<string>("/seen", default));

        Assert.Contains("SLUICE_FUNCTIONS_KEY", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("slc_key", refused.Message, StringComparison.Ordinal);
    }

    private static async Task<WebApplication> StartAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(k => k.Listen(IPAddress.Loopback, 0));
        var app = builder.Build();
        app.Run(http =>
        {
            if (http.Request.Headers["x-functions-key"].Count == 0)
            {
                http.Response.StatusCode = StatusCodes.Status401Unauthorized;
                return Task.CompletedTask;
            }

            return http.Response.WriteAsJsonAsync($"{http.Request.Headers["x-functions-key"]} {http.Request.Headers.Authorization}");
        });
        await app.StartAsync();
        return app;
    }
}
