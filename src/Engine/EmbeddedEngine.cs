using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Sluice.Durable;
using Sluice.Engine.Runtime;
using Sluice.Engine.Store;

namespace Sluice.Engine;

/// <summary>
/// Runs durable orchestrations in this process on one SQLite file. Whatever was acknowledged survives a crash at any moment;
/// activities that were running at a crash run again. One engine a file: a second one refuses to start.
/// </summary>
public sealed class EmbeddedEngine : IAsyncDisposable
{
    private readonly EngineOptions _options;
    private readonly DurableTasks _tasks;
    private readonly IServiceProvider _services;
    private readonly ILoggerFactory _loggers;
    private readonly ILogger _logger;
    private readonly EngineLoad _load = new();
    private readonly InstanceWatch _watch = new();
    private readonly TaskCompletionSource<Exception> _fatal = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly EngineMetrics _metrics = new();
    private readonly WriteGate _gate;
    private TurnMarks? _marks;
    private StoreLock? _lock;
    private EngineStore? _store;
    private Dispatcher? _dispatcher;
    private EngineClient? _client;
    private Retention? _retention;
    private int _stopped;

    /// <summary>Makes an engine; <see cref="StartAsync"/> opens the file.</summary>
    /// <param name="tasks">What it can run.</param>
    /// <param name="services">For activities (each attempt in a scope of its own) and orchestrators; none when null.</param>
    /// <param name="options">Path, clock and limits.</param>
    /// <param name="loggers">For the engine and replay-safe loggers; silent when null.</param>
    public EmbeddedEngine(DurableTasks tasks, IServiceProvider? services, EngineOptions options, ILoggerFactory? loggers = null)
    {
        options.Validate(tasks);
        _tasks = tasks;
        _services = services ?? NoServices.Instance;
        _options = options;
        _loggers = loggers ?? NullLoggerFactory.Instance;
        _gate = new WriteGate(_load, options.MaxPendingWrites);
        _logger = _loggers.CreateLogger("Sluice.Engine");
    }

    /// <summary>The way in, once started.</summary>
    public EngineClient Client => _client ?? throw new InvalidOperationException("The engine has not been started.");

    /// <summary>Completes with the reason when the engine cannot go on, such as a full disk. It accepts nothing more then.</summary>
    public Task<Exception> Fatal => _fatal.Task;

    /// <summary>When the next timer is due; null when none waits.</summary>
    public DateTimeOffset? NextDue => _dispatcher?.NextDue;

    /// <summary>What it counts, once started.</summary>
    public EngineFigures Figures => _dispatcher is null || _store is null
        ? throw new InvalidOperationException("The engine has not been started.")
        : _metrics.Read(_dispatcher, _store, _load, _gate);

    /// <summary>What counts.</summary>
    internal EngineMetrics Metrics => _metrics;

    /// <summary>What is under way, for virtual time.</summary>
    internal EngineLoad Load => _load;

    /// <summary>Opens the file and takes up what it holds unfinished.</summary>
    /// <exception cref="EngineStoreException">The file cannot be used, or another engine runs on it.</exception>
    public Task StartAsync(CancellationToken cancellationToken = default)
    {
        if (_store is not null)
        {
            throw new InvalidOperationException("An engine is started once.");
        }

        cancellationToken.ThrowIfCancellationRequested();
        _lock = StoreLock.Take(_options.Path);
        try
        {
            _store = new EngineStore(_options, _metrics, Fail);
            _marks = new TurnMarks(_options.Path);
        }
        catch
        {
            _store?.Dispose();
            _store = null;
            _lock.Dispose();
            throw;
        }

        _dispatcher = new Dispatcher(_store, _tasks, _services, _options, _loggers, _logger, _load, _watch, _marks, _metrics, Fail);
        _client = new EngineClient(_store, _dispatcher, _tasks, _load, _gate, _watch, _options, _logger);
        _metrics.Observe(_dispatcher, _store, _load, _gate);
        if (_store.Check is { } check)
        {
            _logger.StoreChecked(_options.Path, check.Pragma, check.Took);
        }

        if (_options.Retention is { } policy)
        {
            _retention = new Retention(policy, _store, _load, _options, _logger);
            _dispatcher.InstanceEnded = _retention.Ended;
        }

        var (activities, timers, messages) = _dispatcher.Recover();
        _logger.EngineStarted(_options.Path, activities, timers, messages);
        _retention?.Start();
        return Task.CompletedTask;
    }

    /// <summary>
    /// Refuses clients, lets running activities go on for <see cref="EngineOptions.DrainTimeout"/>, cancels the rest and waits for them,
    /// commits what is under way, closes the file. What did not end runs again at the next start.
    /// </summary>
    public async Task StopAsync(CancellationToken cancellationToken = default)
    {
        if (_store is null || _dispatcher is null || Interlocked.Exchange(ref _stopped, 1) != 0)
        {
            return;
        }

        _retention?.Dispose();
        CloseGate(new HostStoppingException());
        await _dispatcher.StopAsync(_options.DrainTimeout, _options.StopTimeout);
        var patience = TimeProvider.System.GetTimestamp();
        while (_load.Steps > 0 && !_fatal.Task.IsCompleted && !cancellationToken.IsCancellationRequested
            && TimeProvider.System.GetElapsedTime(patience) < _options.StopTimeout)
        {
            await Task.Delay(1, CancellationToken.None);
        }

        _dispatcher.Abandon();
        _store.Dispose();
        _dispatcher.Dispose();
        _marks!.Dispose();
        _lock!.Dispose();
        _metrics.Dispose();
        CloseGate(Stopped());
        _watch.End(Stopped());
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await StopAsync();

    /// <summary>Ends as a killed process would, for tests: nothing more is written, nobody is told.</summary>
    internal void Crash()
    {
        if (_store is not null && Interlocked.Exchange(ref _stopped, 1) == 0)
        {
            _retention?.Dispose();
            _gate.Close(Stopped());
            _marks?.Abandon();
            _dispatcher?.Abandon();
            _store.Abandon();
            _metrics.Dispose();
            _lock!.Dispose();
            _watch.End(Stopped());
        }
    }

    /// <summary>Tells clients why they are refused; a fault that ended the engine stays the reason.</summary>
    private void CloseGate(Exception reason) => _gate.Close(_fatal.Task.IsCompleted ? _fatal.Task.Result : reason);

    private static ObjectDisposedException Stopped() => new(nameof(EmbeddedEngine), "The engine has stopped.");

    private void Fail(Exception reason)
    {
        if (_stopped == 0 && _fatal.TrySetResult(reason))
        {
            _logger.EngineFailed(reason);
            _retention?.Dispose();
            _gate.Close(reason);
            _dispatcher?.Abandon();
            _watch.End(reason);
        }
    }

    private sealed class NoServices : IServiceProvider
    {
        public static NoServices Instance { get; } = new();

        public object? GetService(Type serviceType) => null;
    }
}
