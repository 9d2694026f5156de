<?php
// As much of WordPress as the plugin uses: hooks, options, the queue of scripts and how it prints them, the fields of a settings page.
// Run as `php wordpress.php '{"options": …, "editor": false}'`; prints what came of it as JSON.
define( 'ABSPATH', __DIR__ );

$given   = json_decode( $argv[1], true );
$hooks   = array();
$queue   = array();
$fields  = array();
$cleaned = array();

function add_action( $name, $work ) {
	$GLOBALS['hooks'][ $name ][] = $work;
}
function add_filter( $name, $work ) {
	add_action( $name, $work );
}
function do_action( $name ) {
	foreach ( $GLOBALS['hooks'][ $name ] ?? array() as $work ) {
		$work();
	}
}
function apply_filters( $name, $value ) {
	foreach ( $GLOBALS['hooks'][ $name ] ?? array() as $work ) {
		$value = $work( $value );
	}
	return $value;
}
function get_option( $name, $default = false ) {
	return $GLOBALS['given']['options'][ $name ] ?? $default;
}
function current_user_can( $what ) {
	return 'edit_posts' === $what && $GLOBALS['given']['editor'];
}
function home_url() {
	return 'https://home.example.kz/blog';
}
function wp_parse_url( $url, $part ) {
	return parse_url( $url, $part );
}
function untrailingslashit( $url ) {
	return rtrim( $url, '/\\' );
}
function esc_attr( $text ) {
	return htmlspecialchars( (string) $text, ENT_QUOTES );
}
function register_setting( $group, $name, $given ) {
	$GLOBALS['cleaned'][ $name ] = $given['sanitize_callback'];
}
function add_settings_field( $name, $label, $draw, $page, $section, $given ) {
	$GLOBALS['fields'][ $name ] = $draw;
}
function wp_enqueue_script( $handle, $url, $needs, $version, $given ) {
	$GLOBALS['queue'][] = compact( 'handle', 'url', 'needs', 'version', 'given' );
}

/** As WP_Scripts prints a deferred script. */
function printed( $script ) {
	$attributes = apply_filters( 'wp_script_attributes', array( 'src' => $script['url'], 'id' => $script['handle'] . '-js', $script['given']['strategy'] => true ) );
	$text       = '';
	foreach ( $attributes as $name => $value ) {
		$text .= true === $value ? " $name" : sprintf( ' %s="%s"', $name, esc_attr( $value ) );
	}
	return "<script$text></script>";
}

// What goes wrong, a notice too, fails the test.
set_error_handler( function ( $level, $message ) {
	throw new ErrorException( $message );
} );
require __DIR__ . '/../sanaq/sanaq.php';

do_action( 'wp_enqueue_scripts' );
do_action( 'admin_init' );
$drawn = array();
foreach ( $fields as $name => $draw ) {
	ob_start();
	$draw();
	$drawn[ $name ] = ob_get_clean();
}
echo json_encode( array(
	'scripts' => array_map( 'printed', $queue ),
	'other'   => apply_filters( 'wp_script_attributes', array( 'id' => 'jquery-js' ) ),
	'fields'  => $drawn,
	'cleaned' => $cleaned,
) );
