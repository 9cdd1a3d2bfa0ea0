using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Sluice.Durable;
using Sluice.Orchestration.Ports;

namespace Sluice.Platforms.Gateway.Control;

/// <summary>The gateway's end of <see cref="ControlProtocol"/>.</summary>
internal sealed class ControlServer(GatewayControl control, Action ended, ILogger logger)
{
    /// <summary>Answers every request of the application.</summary>
    public void Map(IApplicationBuilder app) => app.Run(AnswerAsync);

    private async Task AnswerAsync(HttpContext http)
    {
        http.Response.Headers[ControlProtocol.Header] = ControlProtocol.Version;
        object answer;
        try
        {
            var version = http.Request.Headers[ControlProtocol.Header].ToString();
            answer = ControlProtocol.Understands(version)
                ? await DispatchAsync(http.Request.Path, http)
                : throw new PlatformException(PlatformError.Invalid, Misunderstanding(version));
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            http.Response.StatusCode = StatusCodes.Status422UnprocessableEntity;
            answer = Refuse(e, http.Request.Path);
        }

        http.Response.ContentType = "application/json";
        await JsonSerializer.SerializeAsync(http.Response.Body, answer, answer.GetType(), DurableJson.Options, http.RequestAborted);
        if (answer is Done && http.Request.Path == ControlProtocol.ShutdownPath && http.Items.ContainsKey(nameof(Shutdown)))
        {
            await http.Response.CompleteAsync();
            ended();
        }
    }

    private async Task<object> DispatchAsync(string path, HttpContext http)
    {
        switch (path)
        {
            case ControlProtocol.StatusPath:
                return control.Status();
            case ControlProtocol.ListenPath:
                await control.ListenAsync(await ReadAsync<ListenerSpec>(http));
                return new Done();
            case ControlProtocol.StartPath:
                return await control.StartAsync(await ReadAsync<StartRevision>(http));
            case ControlProtocol.RevisionsPath:
                return control.Revisions(await ReadAsync<EnvironmentKey>(http));
            case ControlProtocol.StopPath:
                return await control.StopAsync(await ReadAsync<StopRevision>(http));
            case ControlProtocol.SetTrafficPath:
                return await control.SetTrafficAsync(await ReadAsync<SetTraffic>(http));
            case ControlProtocol.TrafficPath:
                return control.Traffic(await ReadAsync<EnvironmentKey>(http));
            case ControlProtocol.CountsPath:
                return control.Counts(await ReadAsync<EnvironmentKey>(http));
            case ControlProtocol.ProbePath:
                return control.Probe(await ReadAsync<EnvironmentKey>(http));
            case ControlProtocol.ShutdownPath:
                var shutdown = await ReadAsync<Shutdown>(http);
                await control.ShutdownAsync(shutdown);
                if (shutdown.Service is null)
                {
                    http.Items[nameof(Shutdown)] = true;
                }

                return new Done();
            default:
                throw new PlatformException(
                    PlatformError.Invalid,
                    $"gateway {GatewayControl.Version} (protocol {ControlProtocol.Version}) has no operation {path}. {Upgrade}");
        }
    }

    private Refusal Refuse(Exception exception, string operation)
    {
        switch (exception)
        {
            case PlatformException e:
                return new Refusal(e.Error, e.Message[($"{e.Error}".Length + 2)..]);
            case GatewayException { Code: GatewayFault.UnknownListener } e:
                return new Refusal(PlatformError.NotFound, e.Message[(e.Code.Length + 2)..]);
            case GatewayException e:
                return new Refusal(PlatformError.Invalid, e.Message[(e.Code.Length + 2)..]);
            case JsonException or BadHttpRequestException:
                return new Refusal(PlatformError.Invalid, $"{operation}: {exception.Message}");
            case IOException or UnauthorizedAccessException:
                // A full or unwritable disk: nothing was done that is not on it, and it may be mended.
                logger.OperationFailed(exception, operation);
                return new Refusal(PlatformError.NotApplied, $"the gateway could not write its state: {exception.Message}");
            default:
                logger.OperationFailed(exception, operation);
                return new Refusal(PlatformError.NotApplied, $"{operation} failed inside the gateway: {exception.Message}");
        }
    }

    private static async Task<T> ReadAsync<T>(HttpContext http) =>
        await JsonSerializer.DeserializeAsync<T>(http.Request.Body, DurableJson.Options, http.RequestAborted)
        ?? throw new JsonException($"a {typeof(T).Name} was expected, null came");

    private static string Misunderstanding(string version) =>
        $"gateway {GatewayControl.Version}, pid {Environment.ProcessId}, speaks protocol {ControlProtocol.Version}, not '{version}'. {Upgrade}";

    private static string Upgrade =>
        $"Run `kill {Environment.ProcessId}`: its revisions run on, and the next call starts the new gateway, which adopts them.";
}
