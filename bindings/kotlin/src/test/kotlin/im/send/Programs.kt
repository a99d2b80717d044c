package im.send

import im.send.internal.uniffi.liveAllocations
import java.lang.management.ManagementFactory
import java.util.concurrent.CountDownLatch
import java.util.concurrent.Executors
import java.util.concurrent.TimeUnit
import javax.management.ObjectName
import kotlin.concurrent.thread
import kotlin.coroutines.Continuation
import kotlin.coroutines.EmptyCoroutineContext
import kotlin.coroutines.startCoroutine
import kotlin.system.exitProcess
import kotlin.time.Duration.Companion.hours
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.runBlocking

/** Sends without a coroutine dispatcher, as `suspend fun main` does, and says on which thread it goes on. */
object WithoutDispatcher {
    @JvmStatic
    fun main(arguments: Array<String>) {
        val over = CountDownLatch(1)
        val work = suspend {
            sendIm("a@contoso.com", "hi", Account.of(SENDER, PASSWORD).server(arguments[0]))
            println(Thread.currentThread().name)
        }
        work.startCoroutine(Continuation(EmptyCoroutineContext) { over.countDown() })
        over.await()
    }
}

/** Says what loading the native library comes to, twice. */
object LoadsLibrary {
    @JvmStatic
    fun main(arguments: Array<String>) = repeat(2) {
        println(runCatching { Sandbox.startBlocking().close() }.exceptionOrNull() ?: "loaded")
    }
}

/** Succeeds and fails without a word. */
object Quiet {
    @JvmStatic
    fun main(arguments: Array<String>) {
        val account = Account.of(SENDER, PASSWORD).server(arguments[0])
        sendImBlocking("lenea@contoso.com", "hi", account)
        runCatching { sendImBlocking("declines@contoso.com", "hi", account) }
    }
}

/** Ends in the way its second argument names while something is in flight. The last argument is the exit code. */
object Ending {
    /** Holds a client until the end: one that nobody refers to is closed as soon as the collector runs. */
    @JvmField
    var kept: Client? = null

    @JvmStatic
    fun main(arguments: Array<String>) {
        val (url, way, code) = arguments
        val account = Account.of(SENDER, PASSWORD).server(url)
        val message = Message("silent@contoso.com", "hi", timeout = 1.hours)
        val invited = CountDownLatch(1)
        val watched = account.onStep { if (it.step == StepName.INVITE) invited.countDown() }
        when (way) {
            "nothing" -> Unit
            "blocking" -> thread(isDaemon = true) { runCatching { sendImBlocking(message, watched) } }
            "cancelling" -> {
                val client = Client.signInBlocking(watched)
                val sending = thread(isDaemon = true) { report { client.sendBlocking(message) } }
                // The program's own hook: it cuts its send off, and waits for what that has to say.
                atExit {
                    client.cancelAll()
                    sending.join()
                    client.close()
                }
            }
            "cut off" -> {
                val sending = sendImAsync(message, watched)
                invited.await()
                sending.cancel(true)
            }
            "hook" -> atExit { println(sendImBlocking("lenea@contoso.com", "hi", account).acceptedBy) }
            "client in a hook" -> {
                // The library is loaded and has its own hook before.
                Client.signInBlocking(account).close()
                atExit { greet(account) }
            }
            "first client in a hook" -> atExit { greet(account) }
            "future" -> sendImAsync(message, watched)
            "client" -> kept = Client.signInBlocking(account).apply { sendBlocking("lenea@contoso.com", "hi") }
            "busy" -> {
                val client = Client.signInBlocking(account)
                repeat(20) { n ->
                    thread(isDaemon = true) { while (true) runCatching { client.sendBlocking("user$n@contoso.com", "hi") } }
                }
                repeat(20) { client.sendBlocking("main@contoso.com", "hi") }
            }
            "token" -> {
                val asked = CountDownLatch(1)
                val stuck = Account.withToken(SENDER) {
                    asked.countDown()
                    Thread.sleep(Long.MAX_VALUE)
                    BearerToken("never")
                }
                sendImAsync(message, stuck.server(url))
                asked.await()
            }
            "listener" -> sendImAsync(message, account.onStep {
                invited.countDown()
                Thread.sleep(Long.MAX_VALUE)
            })
            "uncaught" -> sendImBlocking("busy@contoso.com", "hi", account)
            else -> error("no such way: $way")
        }
        if (way in setOf("blocking", "cancelling", "future", "listener")) invited.await()
        // "return" ends as a program does whose main function is over.
        if (code != "return") exitProcess(code.toInt())
    }

    private fun greet(account: Account) {
        kept = Client.signInBlocking(account).also { println(it.sendBlocking("lenea@contoso.com", "hi").acceptedBy) }
    }

    private fun report(send: () -> Unit) {
        try {
            send()
        } catch (error: SendImException) {
            println("${error.kind} ${error.sent}")
        }
    }
}

/**
 * A service whose own shutdown hook drains its pool of sends, as a `@PreDestroy` method does, and says a last word. The
 * second argument says by which way it sends, the third how it ends: an exit code, `return`, or `signal`, for which it waits.
 */
object Draining {
    @JvmStatic
    fun main(arguments: Array<String>) {
        val (url, way, end) = arguments
        val ringing = CountDownLatch(4)
        val account = Account.of(SENDER, PASSWORD).server(url).onStep { if (it.step == StepName.INVITE) ringing.countDown() }
        val client by lazy { Client.signInBlocking(account) }
        val send: (Message) -> Receipt = when (way) {
            "one call" -> { message -> sendImBlocking(message, account) }
            "future" -> { message -> sendImAsync(message, account).join() }
            "coroutine" -> { message -> runBlocking { sendIm(message, account) } }
            "client" -> client::sendBlocking
            else -> error("no such way: $way")
        }
        val pool = Executors.newFixedThreadPool(4) { Thread(it).apply { isDaemon = true } }
        atExit {
            pool.shutdown()
            pool.awaitTermination(1, TimeUnit.HOURS)
            println(send(Message.text("last@contoso.com", "hi")).acceptedBy)
        }
        // Four ring when the end begins, for longer than our own hook waits for anything; two begin only then.
        repeat(6) { number ->
            pool.execute {
                try {
                    println(send(Message.text("slow@contoso.com", "message $number").subject("$number")).acceptedBy)
                } catch (error: SendImException) {
                    println("$number: ${error.kind} ${error.sent}: ${error.detail}")
                }
            }
        }
        ringing.await()
        when (end) {
            "return" -> Unit
            "signal" -> Thread.sleep(Long.MAX_VALUE)
            else -> exitProcess(end.toInt())
        }
    }
}

private fun atExit(work: () -> Unit) = Runtime.getRuntime().addShutdownHook(Thread(work))

/** Sends on one session in every way there is. Prints after each window of so many rounds what [Counts] counts. */
object ManySends {
    @JvmStatic
    fun main(arguments: Array<String>) = runBlocking {
        val (url, windows, rounds) = arguments
        val messages = List(5) { n -> Message.text("user$n@contoso.com", "message $n") }
        Client.signIn(Account.of(SENDER, PASSWORD).server(url).onStep {}).use { client ->
            repeat(windows.toInt()) {
                repeat(rounds.toInt()) {
                    client.sendAll(messages).forEach { it.getOrThrow() }
                    messages.map { async(Dispatchers.Default) { client.send(it) } }.awaitAll()
                    client.sendAsync(messages[0]).join()
                    client.sendBlocking(messages[1])
                    runCatching { client.send("busy@contoso.com", "refused") }
                }
                println(Counts.now())
            }
        }
    }
}

/** What is alive: objects that can be reached, and allocations of the native library. */
object Counts {
    private val server = ManagementFactory.getPlatformMBeanServer()
    private val commands = ObjectName("com.sun.management:type=DiagnosticCommand")
    // JNA frees memory on a thread of its own, some time after the collector has found it.
    private const val WAITING = "com.sun.jna.Memory\$MemoryDisposer"

    /** Both numbers, with a space between them. */
    fun now(): String {
        var counted = histogram()
        for (moment in 1..600) {
            // Ten live as long as the process.
            if ((counted[WAITING] ?: 0) < 20) break
            Thread.sleep(50)
            counted = histogram()
        }
        return "${counted["Total"]} ${liveAllocations()}"
    }

    /** How many instances there are, by class. Collects before it counts. */
    private fun histogram(): Map<String, Long> {
        val shown = server.invoke(commands, "gcClassHistogram", arrayOf(emptyArray<String>()), arrayOf("[Ljava.lang.String;"))
        return shown.toString().lines().map { it.trim().split(Regex(" +")) }.filter { it.size >= 3 }
            .associate { if (it[0] == "Total") it[0] to it[1].toLong() else it.getOrElse(3) { "" } to (it[1].toLongOrNull() ?: 0) }
    }
}
