using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Reflection;
using System.Text.Json;
using Sluice.Durable;
using Sluice.Orchestration.Ports;
using Sluice.Platforms.Process;

namespace Sluice.Platforms.Gateway.Control;

/// <summary>How the gateway program is started.</summary>
/// <param name="Command">Absolute path of the program and its first arguments; <c>--data FOLDER</c> is added.</param>
public sealed record GatewayLaunch(IReadOnlyList<string> Command)
{
    /// <summary>This very program with the verb <c>gateway</c>.</summary>
    public static GatewayLaunch ThisProgram()
    {
        var program = Environment.ProcessPath ?? throw new InvalidOperationException("This process does not know its own path.");
        return Path.GetFileNameWithoutExtension(program) == "dotnet"
            ? new([program, Assembly.GetEntryAssembly()!.Location, "gateway"])
            : new([program, "gateway"]);
    }
}

/// <summary>
/// Speaks to the gateway of a data folder, and starts it when it does not run. All calls may be made at any time from any thread, and
/// throw <see cref="PlatformException"/>: <c>Unreachable</c> when there is no gateway and none can be started.
/// </summary>
public sealed class GatewayClient : IDisposable
{
    private static readonly TimeSpan StartWithin = TimeSpan.FromSeconds(30);

    // How long a gateway that was at work already has to answer before another is started.
    private static readonly TimeSpan AnswersWithin = TimeSpan.FromSeconds(2);

    private readonly GatewayPaths _paths;
    private readonly GatewayLaunch _launch;
    private readonly TimeProvider _time;
    private readonly HttpClient _http;
    private readonly SemaphoreSlim _starting = new(1, 1);

    /// <summary>Connects to nothing yet.</summary>
    public GatewayClient(string dataFolder, GatewayLaunch launch, TimeProvider? time = null)
    {
        _paths = new GatewayPaths(dataFolder);
        _launch = launch;
        _time = time ?? TimeProvider.System;
        _http = new HttpClient(new SocketsHttpHandler { UseProxy = false, ConnectCallback = ConnectAsync })
        {
            BaseAddress = new Uri("http://gateway"),

            // Ends a call whose gateway hangs: draining and stopping answer earlier than that.
            Timeout = TimeSpan.FromSeconds(60),
            DefaultRequestHeaders = { { ControlProtocol.Header, ControlProtocol.Version } },
        };
    }

    /// <summary>What runs; null when no gateway does. Starts none.</summary>
    public async Task<GatewayStatus?> TryGetStatusAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await SendAsync<GatewayStatus>(ControlProtocol.StatusPath, new Done(), null, cancellationToken);
        }
        catch (HttpRequestException)
        {
            return null;
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw Late(ControlProtocol.StatusPath, e);
        }
    }

    /// <summary>Starts the gateway when it does not run, and returns once it answers.</summary>
    public async Task<GatewayStatus> EnsureRunningAsync(CancellationToken cancellationToken)
    {
        Detached.RefuseWindows();
        await _starting.WaitAsync(cancellationToken);
        try
        {
            if (await TryGetStatusAsync(cancellationToken) is { } running)
            {
                return running;
            }

            var pid = Launch();
            var start = _time.GetTimestamp();
            long? ended = null;
            while (true)
            {
                if (await TryGetStatusAsync(cancellationToken) is { } status)
                {
                    return status;
                }

                if (Detached.HasEnded(pid, out var how) == true)
                {
                    // One that finds another at work ends with 0, and that other answers, unless it was about to end itself.
                    ended = how == "exit code 0"
                        ? _time.GetTimestamp()
                        : throw new PlatformException(PlatformError.Unreachable, $"the gateway ended at its start ({how}): {Tail()}");
                }

                if (ended is { } since && _time.GetElapsedTime(since) > AnswersWithin)
                {
                    pid = Launch();
                    ended = null;
                }

                if (_time.GetElapsedTime(start) > StartWithin)
                {
                    throw new PlatformException(
                        PlatformError.Unreachable, $"the gateway, pid {pid}, did not answer on {_paths.Socket} within {StartWithin.TotalSeconds} s: {Tail()}");
                }

                await Task.Delay(TimeSpan.FromMilliseconds(25), _time, cancellationToken);
            }
        }
        finally
        {
            _starting.Release();
        }
    }

    /// <summary>What an environment's listener has counted.</summary>
    /// <exception cref="PlatformException">There is none.</exception>
    public Task<TrafficCounts> GetCountsAsync(string service, string environment, CancellationToken cancellationToken) =>
        CallAsync<TrafficCounts>(ControlProtocol.CountsPath, new EnvironmentKey(service, environment), cancellationToken);

    /// <summary>
    /// Drains and stops revisions: all and the gateway itself, those of one service, or those of one environment of it. Nothing to do when
    /// no gateway runs and nothing was left behind.
    /// </summary>
    /// <param name="service">Null for all.</param>
    /// <param name="environment">Null for all of the service.</param>
    /// <param name="cancellationToken">Stops waiting; what has begun goes on.</param>
    public async Task ShutdownAsync(string? service, string? environment, CancellationToken cancellationToken)
    {
        // A gateway that was killed has left revisions behind, which only a gateway can find.
        if (await TryGetStatusAsync(cancellationToken) is null && !Directory.Exists(Path.Combine(_paths.Data, "processes")))
        {
            return;
        }

        var status = await EnsureRunningAsync(cancellationToken);
        await CallAsync<Done>(ControlProtocol.ShutdownPath, new Shutdown(service, environment), cancellationToken, Timeout.InfiniteTimeSpan);
        while (service is null && ProcessTable.Find(status.Pid) is { IsZombie: false })
        {
            await Task.Delay(TimeSpan.FromMilliseconds(25), _time, cancellationToken);
            _ = Detached.HasEnded(status.Pid, out _);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _http.Dispose();
        _starting.Dispose();
    }

    /// <summary>One operation; the gateway is started for it if need be.</summary>
    internal async Task<T> CallAsync<T>(string path, object request, CancellationToken cancellationToken, TimeSpan? within = null)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await SendAsync<T>(path, request, within, cancellationToken);
            }
            catch (HttpRequestException) when (attempt == 1)
            {
                // No gateway, or one that ended under the call. Every operation may be asked for twice.
                await EnsureRunningAsync(cancellationToken);
            }
            catch (HttpRequestException e)
            {
                throw new PlatformException(PlatformError.Unreachable, $"the gateway did not answer {path} on {_paths.Socket}: {e.GetBaseException().Message}", e);
            }
            catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
            {
                throw Late(path, e);
            }
        }
    }

    private async Task<T> SendAsync<T>(string path, object request, TimeSpan? within, CancellationToken cancellationToken)
    {
        using var content = JsonContent.Create(request, request.GetType(), options: DurableJson.Options);
        using var answer = within is null
            ? await _http.PostAsync(path, content, cancellationToken)
            : await PostWithoutEndAsync(path, content, cancellationToken);
        var version = answer.Headers.TryGetValues(ControlProtocol.Header, out var values) ? values.FirstOrDefault() : null;
        try
        {
            if (answer.StatusCode == HttpStatusCode.OK && ControlProtocol.Understands(version))
            {
                return (await answer.Content.ReadFromJsonAsync<T>(DurableJson.Options, cancellationToken))!;
            }

            // A gateway of another protocol still says what to do about it.
            var refusal = await answer.Content.ReadFromJsonAsync<Refusal>(DurableJson.Options, cancellationToken);
            throw new PlatformException(refusal!.Error, refusal.Message);
        }
        catch (JsonException e)
        {
            throw new PlatformException(
                PlatformError.Invalid,
                $"the gateway of {_paths.Data} speaks protocol {version ?? "unknown"}, this program {ControlProtocol.Version}: "
                + "end it with `kill PID` (its revisions run on); the next call starts the new one, which adopts them.",
                e);
        }
    }

    private async Task<HttpResponseMessage> PostWithoutEndAsync(string path, HttpContent content, CancellationToken cancellationToken)
    {
        using var patient = new HttpClient(new SocketsHttpHandler { UseProxy = false, ConnectCallback = ConnectAsync })
        {
            BaseAddress = _http.BaseAddress,
            Timeout = Timeout.InfiniteTimeSpan,
            DefaultRequestHeaders = { { ControlProtocol.Header, ControlProtocol.Version } },
        };
        return await patient.PostAsync(path, content, cancellationToken);
    }

    private int Launch()
    {
        PrivateFile.CreateFolder(_paths.Folder);
        PrivateFile.CreateFolder(Path.GetDirectoryName(_paths.Log)!);
        var environment = Environment.GetEnvironmentVariables().Cast<System.Collections.DictionaryEntry>()
            .ToDictionary(e => (string)e.Key, e => (string)e.Value!);
        return Detached.Start(new DetachedProgram(
            _launch.Command[0], [.. _launch.Command.Skip(1), "--data", _paths.Data], _paths.Data, environment, _paths.Log));
    }

    private PlatformException Late(string path, Exception cause) =>
        new(PlatformError.Unreachable, $"the gateway did not answer {path} on {_paths.Socket} within {_http.Timeout.TotalSeconds:0} s.", cause);

    private string Tail() => LogFile.Tail(_paths.Log, 5) is { Count: > 0 } lines
        ? $"last lines of {_paths.Log}:\n{string.Join('\n', lines)}"
        : $"{_paths.Log} is empty.";

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(_paths.Socket), cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
